@rem npm scripts say `exec` so that a signal to npm reaches the program and not a shell. Windows has no such word.
@%*
