"""The first losses of the bench in PyTorch, float64: writes reference.json. Needs torch and numpy.

The same numbers as work.ts, written a second time so that neither file leans on the other.
"""
import json
import math
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F

WORKS = {
    "small": dict(batch=32, channels=1, size=8, patch=2, width=64, blocks=4, heads=4),
    "large": dict(batch=16, channels=1, size=16, patch=2, width=128, blocks=6, heads=4),
}
STEPS = 5


def uniform(seed, i):
    """mulberry32 at the places i of a stream."""
    u = np.uint32
    with np.errstate(over="ignore"):
        a = (u(seed) + (i + 1).astype(u) * u(0x6D2B79F5)).astype(u)
        h = (a ^ (a >> u(15))) * (a | u(1))
        h = (h + (h ^ (h >> u(7))) * (h | u(61))) ^ h
    return (h ^ (h >> u(14))).astype(np.float64) / 2**32


def normal(seed, i):
    return np.sqrt(-2 * np.log(1 - uniform(seed, 2 * i))) * np.cos(2 * np.pi * uniform(seed, 2 * i + 1))


def tensor(values, *shape):
    """Rounded to float32 as the peers get it, then widened."""
    return torch.tensor(np.asarray(values, np.float32).astype(np.float64)).reshape(shape)


def weights(w):
    d, p, c = w["width"], w["patch"], w["channels"]
    linear = lambda name, i, o: [(f"{name}.weight", (o, i)), (f"{name}.bias", (o,))]
    shapes = [("x_embedder.proj.weight", (d, c, p, p)), ("x_embedder.proj.bias", (d,))]
    shapes += linear("t_embedder.mlp.0", 256, d) + linear("t_embedder.mlp.2", d, d)
    for b in range(w["blocks"]):
        for name, i, o in [("attn.qkv", d, 3 * d), ("attn.proj", d, d), ("mlp.fc1", d, 4 * d),
                           ("mlp.fc2", 4 * d, d), ("adaLN_modulation.1", d, 6 * d)]:
            shapes += linear(f"blocks.{b}.{name}", i, o)
    shapes += linear("final_layer.linear", d, p * p * c) + linear("final_layer.adaLN_modulation.1", d, 2 * d)
    out = {}
    for index, (name, shape) in enumerate(shapes):
        count = math.prod(shape)
        limit = 0.5 * math.sqrt(6 / (count // shape[0] + shape[0])) if len(shape) > 1 else 0.05
        out[name] = tensor(limit * (2 * uniform(1000 + index, np.arange(count)) - 1), *shape).requires_grad_()
    return out


def batch(w, step):
    b, c, s = w["batch"], w["channels"], w["size"]
    seed = 1_000_000 + 4 * step
    i = np.arange(b * c * s * s)
    fx, fy, phase = (uniform(seed, 3 * (i // (s * s)) + k) for k in range(3))
    x0 = np.sin(2 * np.pi * ((2 * fx * (i % s) + 2 * fy * (i // s % s)) / s + phase))
    return (tensor(x0, b, c, s, s), tensor(normal(seed + 1, i), b, c, s, s),
            tensor(uniform(seed + 2, np.arange(b)), b))


def positions(w):
    """get_2d_sincos_pos_embed of facebookresearch/DiT: the column first."""
    d, side = w["width"], w["size"] // w["patch"]
    omega = 10000 ** -(np.arange(d // 4) / (d // 4))
    one = lambda place: np.concatenate([np.sin(np.outer(place, omega)), np.cos(np.outer(place, omega))], 1)
    token = np.arange(side * side)
    return tensor(np.concatenate([one(token % side), one(token // side)], 1), side * side, d)


def model(w, p, pos, x, t):
    d, heads, patch, c = w["width"], w["heads"], w["patch"], w["channels"]
    linear = lambda x, name: F.linear(x, p[f"{name}.weight"], p[f"{name}.bias"])
    norm = lambda x, shift, scale: F.layer_norm(x, (d,), eps=1e-6) * (1 + scale) + shift
    x = F.conv2d(x, p["x_embedder.proj.weight"], p["x_embedder.proj.bias"], stride=patch).flatten(2).mT + pos
    angles = 1000 * t[:, None] * torch.exp(-math.log(10000) * torch.arange(128, dtype=torch.float64) / 128)
    cond = linear(torch.cat([angles.cos(), angles.sin()], 1), "t_embedder.mlp.0")
    cond = F.silu(linear(F.silu(cond), "t_embedder.mlp.2"))[:, None]
    n, tokens = x.shape[:2]
    for b in range(w["blocks"]):
        name = f"blocks.{b}"
        shift1, scale1, gate1, shift2, scale2, gate2 = linear(cond, f"{name}.adaLN_modulation.1").chunk(6, -1)
        q, k, v = linear(norm(x, shift1, scale1), f"{name}.attn.qkv").reshape(n, tokens, 3, heads, -1).permute(2, 0, 3, 1, 4)
        mixed = (q @ k.mT / math.sqrt(d // heads)).softmax(-1) @ v
        x = x + gate1 * linear(mixed.transpose(1, 2).reshape(n, tokens, d), f"{name}.attn.proj")
        hidden = F.gelu(linear(norm(x, shift2, scale2), f"{name}.mlp.fc1"), approximate="tanh")
        x = x + gate2 * linear(hidden, f"{name}.mlp.fc2")
    shift, scale = linear(cond, "final_layer.adaLN_modulation.1").chunk(2, -1)
    x = linear(norm(x, shift, scale), "final_layer.linear")
    side = w["size"] // patch
    return torch.einsum("nhwpqc->nchpwq", x.reshape(n, side, side, patch, patch, c)).reshape(n, c, w["size"], w["size"])


def losses(w):
    p, pos = weights(w), positions(w)
    optimizer = torch.optim.Adam(p.values(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    for step in range(STEPS):
        x0, eps, t = batch(w, step)
        level = t[:, None, None, None]
        loss = F.mse_loss(model(w, p, pos, (1 - level) * x0 + level * eps, t), eps - x0)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        yield loss.item()


if __name__ == "__main__":
    out = {name: list(losses(w)) for name, w in WORKS.items()}
    Path(__file__).with_name("reference.json").write_text(json.dumps(out, indent=2) + "\n")
    print(json.dumps(out, indent=2))
