"""Cases with right answers that other systems publish, answered by our own rules.

    python -m tests.golden FILE...

A case is read (`case_files`), stripped of everything that tells its answer, and handed to the translator of its kind
(`translate`). That writes a bundle (`bundle_text`) and facts, and asks (`asking`): every answer is what `decide` of the
compiled bundle says. What comes out is compared with what was to be expected (`compare`, `runner`).
"""
