"""The command line, one file per command.

A command is a module of this package whose name stands in COMMANDS. It has two functions:

    add_parser(commands) -> None     Adds the command: parser = options.command(commands, NAME,
                                     SUMMARY, EXAMPLES), then parser.add_argument(...). Every
                                     option has a help text; a test checks this.
    run(args, output) -> ExitCode    Does the work and returns the exit code.

What every command can rely on:
- ValueError (ModelFileError, CorpusError and the rest), OSError and MemoryError may leave `run`:
  they become one line on stderr and exit code 2. So raise ValueError with a sentence that says
  what to do, and never print a traceback.
- Warnings become one line each on stderr. A broken pipe is quiet.
- Results go to stdout through output.result, as text for people or as one JSON object a line with
  `--json`, which every command has. Remarks go to stderr (output.remark). Both are UTF-8 on every
  platform. A progress bar (output.progress_bar) shows only in a terminal.
- A model is read with options.read_model(args.model): a file, or the name of a pretrained one.
- Modules that take long to import (huggingface_hub, tqdm, safetensors) are imported in `run`.
"""

COMMANDS = ("train", "generate", "score", "info", "convert", "push", "pull", "deploy")
