"""An oracle: it says what a bundle answers, from the meaning of its sections alone.

It reads a bundle as data (`oracle.bundle`, built by whoever asks, never from text) and computes with Fractions. It
shares no code with the package under test and uses the standard library only, so that agreement is evidence.
"""
