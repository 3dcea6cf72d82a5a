"""
Goes on with a run of Low-Noise Lab on as many GPUs as there are. Needs PyTorch 2 and numpy, and the files beside this one:

    config.json              the network, the objective and the optimiser, as the lab had them
    checkpoint.safetensors   model.*, ema.*, exp_avg.*, exp_avg_sq.*: weights, their running mean, and Adam's moments, by facebookresearch/DiT's names
    images.npz               images (N,ch,h,w), labels (N)

    torchrun --nproc_per_node 8 train.py --steps 100000 --batch 1024
    python train.py --steps 1000                                          # one GPU, or none

It writes checkpoint.safetensors again, which the lab reads. Batches, noise levels and noise are PyTorch's own draws, not the lab's.

t = 0 is clean and t = 1 noise: x_t = (1 - t) x0 + t eps, and the network answers with the velocity eps - x0. Local Contrastive Flow
(arXiv 2509.20952, Algorithm 1) leaves the flow term out below t_min and pulls the features there to those of the same image at t_min.
"""

import argparse
import json
import math
import os
import struct
from pathlib import Path

import numpy
import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent


# ---------------------------------------------------------------- the network (Peebles & Xie, arXiv 2212.09748)


def modulate(x, shift, scale):
    """x (B,T,C), shift, scale (B,C)"""
    return F.layer_norm(x, x.shape[-1:], eps=1e-6) * (1 + scale[:, None]) + shift[:, None]


class Attention(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(width, 3 * width)
        self.proj = nn.Linear(width, width)

    def forward(self, x):
        B, T, C = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, C // self.heads).permute(2, 0, 3, 1, 4)  # each (B,H,T,D)
        weights = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(C // self.heads), dim=-1)
        return self.proj((weights @ v).transpose(1, 2).reshape(B, T, C))


class Mlp(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.fc1 = nn.Linear(width, 4 * width)
        self.fc2 = nn.Linear(4 * width, width)

    def forward(self, x):
        return self.fc2(F.gelu(self.fc1(x), approximate="tanh"))


class Block(nn.Module):
    def __init__(self, width, heads, attention):
        super().__init__()
        self.parts = ["attn", "mlp"] if attention else ["mlp"]
        if attention:
            self.attn = Attention(width, heads)
        self.mlp = Mlp(width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 3 * len(self.parts) * width))

    def forward(self, x, c):
        vectors = self.adaLN_modulation(c).chunk(3 * len(self.parts), dim=1)
        for part, (shift, scale, gate) in zip(self.parts, (vectors[:3], vectors[3:])):
            x = x + gate[:, None] * getattr(self, part)(modulate(x, shift, scale))
        return x


class FinalLayer(nn.Module):
    def __init__(self, width, outputs):
        super().__init__()
        self.linear = nn.Linear(width, outputs)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x, c):
        shift, scale = self.adaLN_modulation(c).chunk(2, dim=1)
        return self.linear(modulate(x, shift, scale))


class SelfCondition(nn.Module):
    """What later blocks are conditioned on besides: the mean token after the bottleneck (after DDAE++, arXiv 2505.10999, reconstructed)."""

    def __init__(self, width):
        super().__init__()
        self.linear = nn.Linear(width, width)
        self.adaLN_modulation = nn.Sequential(nn.SiLU(), nn.Linear(width, 2 * width))

    def forward(self, x, c):
        shift, scale = self.adaLN_modulation(c).chunk(2, dim=1)
        return c + self.linear(modulate(x.mean(1, keepdim=True), shift, scale))[:, 0]


class Holder(nn.Module):
    """Only puts a level into the names of parameters, as DiT has it."""

    def __init__(self, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)


class DiT(nn.Module):
    def __init__(self, channels, size, patch, width, blocks, heads, classes, labelDrop=0.0, selfCondition=0, attention=True):
        super().__init__()
        self.channels, self.size, self.patch, self.bottleneck = channels, size, patch, selfCondition
        self.x_embedder = Holder(proj=nn.Conv2d(channels, width, patch, stride=patch))
        self.t_embedder = Holder(mlp=nn.Sequential(nn.Linear(256, width), nn.SiLU(), nn.Linear(width, width)))
        if classes:
            self.y_embedder = Holder(embedding_table=nn.Embedding(classes + (labelDrop > 0), width))  # the last row: no label
        self.blocks = nn.ModuleList(Block(width, heads, attention) for _ in range(blocks))
        self.final_layer = FinalLayer(width, patch * patch * channels)
        if selfCondition:
            self.self_condition = SelfCondition(width)
        side = torch.arange((size // patch) ** 2)
        frequency = 10000.0 ** (-torch.arange(width // 4) / (width // 4))
        column, row = (place[:, None] * frequency for place in (side % (size // patch), side // (size // patch)))
        self.register_buffer("positions", torch.cat([column.sin(), column.cos(), row.sin(), row.cos()], 1), persistent=False)

    def embed(self, x, t, y):
        """-> tokens (B,T,C), what conditions every block (B,C)"""
        angle = 1000 * t[:, None] * 10000.0 ** (-torch.arange(128, device=t.device) / 128)
        c = self.t_embedder.mlp(torch.cat([angle.cos(), angle.sin()], dim=1))
        if y is not None:
            c = c + self.y_embedder.embedding_table(y)
        return self.x_embedder.proj(x).flatten(2).transpose(1, 2) + self.positions, c

    def go_on(self, tokens, c, first, last):
        """From the tokens after block `first` to those after block `last`, 1 for the first; c changes at the bottleneck."""
        for n in range(first, last):
            tokens = self.blocks[n](tokens, c)
            if n + 1 == self.bottleneck:
                c = self.self_condition(tokens, c)
        return tokens, c

    def tokens_after(self, layer, x, t, y):
        return self.go_on(*self.embed(x, t, y), 0, layer)

    def forward(self, x, t, y, layer):
        """-> velocity (B,ch,h,w), tokens after block `layer` (B,T,C)"""
        tapped, c = self.tokens_after(layer, x, t, y)
        tokens, c = self.go_on(tapped, c, layer, len(self.blocks))
        side, P = self.size // self.patch, self.patch
        patches = self.final_layer(tokens, c).view(-1, side, side, P, P, self.channels)
        return patches.permute(0, 5, 1, 3, 2, 4).reshape(-1, self.channels, self.size, self.size), tapped


# ---------------------------------------------------------------- the objective


def total(value):
    """A number summed over all processes."""
    if dist.is_initialized():
        dist.all_reduce(value)
    return value


def everyones(z):
    """(B,F) of every process, one below the other; gradients reach all of them."""
    if not dist.is_initialized():
        return z
    from torch.distributed.nn.functional import all_gather

    return torch.cat(all_gather(z))


class Objective(nn.Module):
    """The loss as a module, so that DistributedDataParallel sees one forward pass."""

    def __init__(self, net, objective):
        super().__init__()
        self.net, self.objective = net, objective

    def feature(self, tokens):
        z = tokens.mean(1) if self.objective["feature"] == "pooled" else tokens.flatten(1)
        return F.normalize(z, dim=1) if self.objective["normalise"] else z

    def forward(self, x0, eps, t, y, weight, anchor_eps=None):
        """`weight` is λ at this step -> loss, flow term, contrastive term; their means over the processes are those of the whole batch"""
        o = self.objective
        at = lambda level, image, noise: (1 - level[:, None, None, None]) * image + level[:, None, None, None] * noise
        velocity, tokens = self.net(at(t, x0, eps), t, y, o["layer"])
        error = (velocity - (eps - x0)).square().flatten(1)
        error = error.mean(1) if o["reduction"] == "mean" else error.sum(1)
        low = t < o["tMin"]
        counted = torch.ones_like(low) if o["flowBelow"] else ~low
        processes = dist.get_world_size() if dist.is_initialized() else 1
        # Means over all processes: DistributedDataParallel will divide by their number.
        flow = processes * (error * counted).sum() / total(counted.sum().float()).clamp(min=1)
        contrast = tokens.sum() * 0
        if weight > 0:
            place = low.nonzero()[:, 0]
            noise = eps[place] if anchor_eps is None else anchor_eps
            level = torch.full_like(t[place], o["tMin"])
            with torch.set_grad_enabled(torch.is_grad_enabled() and not o["detach"]):
                anchors = self.feature(self.net.tokens_after(o["layer"], at(level, x0[place], noise), level, None if y is None else y[place])[0])
            rows = self.contrast(self.feature(tokens), anchors, place)
            contrast = contrast + processes * rows.sum() / total(torch.tensor(float(len(rows)), device=t.device)).clamp(min=1)
        return flow + weight * contrast, flow.detach(), contrast.detach()

    def contrast(self, z, anchors, place):
        """z (B,F), anchors (n,F) of the samples at `place` -> (n): distance to the anchor, against those to the features of all images"""
        o = self.objective
        others = everyones(z.detach() if o["detach"] else z)
        scale = z.shape[1] if o["distance"] == "divided" else 1
        positive = (z[place] - anchors).square().sum(1) / scale
        exponents = -(z[place, None] - others[None]).square().sum(2) / scale / o["tau"]
        if o["variant"] != "algorithm1":  # its sum includes the sample itself; equation 14 leaves it out
            first = dist.get_rank() * len(z) if dist.is_initialized() else 0
            itself = torch.zeros_like(exponents, dtype=torch.bool).scatter_(1, first + place[:, None], True)
            exponents = exponents.masked_fill(itself, -math.inf)
        if o["variant"] == "infonce":
            exponents = torch.cat([exponents, -positive[:, None] / o["tau"]], dim=1)
        return positive / o["tau"] + torch.logsumexp(exponents, dim=1)


# ---------------------------------------------------------------- training


def draw(images, labels, count, objective, generator):
    """-> x0, eps, t, y: images with replacement, t uniform on (0,1) or with ⌈t_min B⌉ of them below t_min"""
    pick = torch.randint(len(images), (count,), device=images.device, generator=generator)
    x0 = images[pick]
    t = torch.rand(count, device=images.device, generator=generator)
    if objective["stratified"]:
        low = math.ceil(objective["tMin"] * count)
        t[:low] *= objective["tMin"]
        t[low:] = objective["tMin"] + (1 - objective["tMin"]) * t[low:]
    return x0, torch.randn(x0.shape, device=x0.device, generator=generator), t, None if labels is None else labels[pick]


def drop_labels(y, net, generator):
    """Every label becomes that of none, K, with probability labelDrop."""
    if y is None or net.get("labelDrop", 0) == 0:
        return y
    dropped = torch.rand(y.shape, device=y.device, generator=generator) < net["labelDrop"]
    return torch.where(dropped, net["classes"], y)


def learning_rate(update, train):
    """Counting from 1: linear warm-up, then constant or half a cosine."""
    if update <= train["warmup"]:
        return train["learningRate"] * update / train["warmup"]
    if train["schedule"] == "constant":
        return train["learningRate"]
    done = min(1, (update - 1 - train["warmup"]) / max(1, train["steps"] - train["warmup"]))
    return train["learningRate"] * 0.5 * (1 + math.cos(math.pi * done))


def contrastive_weight(step, o):
    ramp = min(1, (step - o["lambdaStart"]) / o["lambdaRamp"]) if o["lambdaRamp"] else 1
    return o["lambda"] * ramp if step >= o["lambdaStart"] else 0.0


class Run:
    """A network with its optimiser and running mean, at some step."""

    def __init__(self, config, tensors, device="cpu"):
        self.config, self.step, self.updates = config, config["step"], config["updates"]
        net = DiT(**config["net"])
        net.load_state_dict({name: tensors[f"model.{name}"] for name in net.state_dict()})
        self.module = Objective(net, config["objective"]).to(device)
        if net.bottleneck and not config["objective"].get("selfConditions"):  # every other method holds it
            for parameter in net.self_condition.linear.parameters():
                parameter.register_hook(torch.zeros_like)
        self.names = {name: parameter for name, parameter in net.named_parameters()}
        self.ema = {name: tensors[f"ema.{name}"].to(parameter) for name, parameter in self.names.items()}
        train = config["train"]
        self.optimizer = torch.optim.AdamW(net.parameters(), betas=(train["beta1"], train["beta2"]), eps=train["epsilon"], weight_decay=train["weightDecay"])
        for name, parameter in self.names.items():
            moments = {key: tensors[f"{key}.{name}"].to(parameter) for key in ("exp_avg", "exp_avg_sq")}
            self.optimizer.state[parameter] = {"step": torch.tensor(float(self.updates)), **moments}
        self.ddp = nn.parallel.DistributedDataParallel(self.module) if dist.is_initialized() else self.module

    def advance(self, x0, eps, t, y, anchor_eps=None):
        """One training step; a gradient that is not finite changes nothing. -> loss, flow term, contrastive term"""
        train = self.config["train"]
        self.optimizer.zero_grad()
        losses = self.ddp(x0, eps, t, y, contrastive_weight(self.step, self.config["objective"]), anchor_eps)
        losses[0].backward()
        norm = torch.linalg.vector_norm(torch.stack([parameter.grad.norm() for parameter in self.names.values()]))
        self.step += 1
        if not torch.isfinite(norm):
            return [loss.item() for loss in losses]
        if train["clip"] > 0:
            for parameter in self.names.values():
                parameter.grad *= min(1.0, train["clip"] / (norm.item() + 1e-6))
        self.updates += 1
        for group in self.optimizer.param_groups:
            group["lr"] = learning_rate(self.updates, train)
        self.optimizer.step()
        decay = min(train["emaDecay"], (1 + self.updates) / (10 + self.updates))
        for name, parameter in self.names.items():
            self.ema[name].lerp_(parameter.detach(), 1 - decay)
        return [loss.item() for loss in losses]

    def tensors(self):
        result = {}
        for name, parameter in self.names.items():
            state = self.optimizer.state[parameter]
            result.update({f"model.{name}": parameter.detach(), f"ema.{name}": self.ema[name]})
            result.update({f"{key}.{name}": state[key] for key in ("exp_avg", "exp_avg_sq")})
        return result


# ---------------------------------------------------------------- files


def load_safetensors(path):
    data = Path(path).read_bytes()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    read = lambda entry: torch.from_numpy(numpy.frombuffer(data, "<f4", (entry["data_offsets"][1] - entry["data_offsets"][0]) // 4, start + entry["data_offsets"][0]).copy())
    return {name: read(entry).view(entry["shape"]) for name, entry in header.items()}, metadata


def save_safetensors(path, tensors, metadata):
    header, end = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [end, end + 4 * tensor.numel()]}
        end += 4 * tensor.numel()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    part = Path(f"{path}.part")
    part.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(tensor.float().cpu().numpy().tobytes() for tensor in tensors.values()))
    part.replace(path)


def main():
    arguments = argparse.ArgumentParser(description="Goes on with a run of Low-Noise Lab.")
    arguments.add_argument("--steps", type=int, default=1000, help="how many more")
    arguments.add_argument("--batch", type=int, help="images per step over all processes; the run's own when left out")
    arguments.add_argument("--seed", type=int, default=0)
    options = arguments.parse_args()
    if "RANK" in os.environ:
        dist.init_process_group("nccl" if torch.cuda.is_available() else "gloo")
    rank, processes = (dist.get_rank(), dist.get_world_size()) if dist.is_initialized() else (0, 1)
    device = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0))) if torch.cuda.is_available() else torch.device("cpu")

    config = json.loads((HERE / "config.json").read_text())
    tensors, metadata = load_safetensors(HERE / "checkpoint.safetensors")
    run = Run(config, tensors, device)
    data = numpy.load(HERE / "images.npz")
    images = torch.from_numpy(data["images"]).to(device)
    labels = torch.from_numpy(data["labels"]).long().to(device) if config["net"]["classes"] else None
    count = (options.batch or config["train"]["batch"]) // processes
    generator = torch.Generator(device).manual_seed(options.seed * processes + rank + 1000003 * run.step)
    for i in range(1, options.steps + 1):
        x0, eps, t, y = draw(images, labels, count, config["objective"], generator)
        fresh = config["objective"]["noise"] == "fresh"
        anchor_eps = torch.randn(x0[t < config["objective"]["tMin"]].shape, device=device, generator=generator) if fresh else None
        losses = run.advance(x0, eps, t, drop_labels(y, config["net"], generator), anchor_eps)
        if rank == 0 and (i % 100 == 0 or i == options.steps):
            print(f"step {run.step}: loss {losses[0]:.5f} (flow {losses[1]:.5f}, contrastive {losses[2]:.5f})", flush=True)
    if rank == 0:
        save_safetensors(HERE / "checkpoint.safetensors", run.tensors(), {**metadata, "step": str(run.step)})
        (HERE / "config.json").write_text(json.dumps({**config, "step": run.step, "updates": run.updates}, indent=1))
    if dist.is_initialized():
        dist.destroy_process_group()


if __name__ == "__main__":
    main()
