"""Laws that every charge obeys, over bundles that hypothesis draws; asked of generated code and the interpreter."""
