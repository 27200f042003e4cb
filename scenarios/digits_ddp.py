"""A perceptron on handwritten digits, trained by two processes: one trial over several bundles.

Each process trains on its part of every batch; `DistributedDataParallel` averages the gradients.
With a GPU per process, ask for ``resources=[{}, {"cpu": 1, "gpu": 1}, {"cpu": 1, "gpu": 1}]``.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import torch
from ray import tune
from torch import nn
from torch.nn import functional
from torch.nn.parallel import DistributedDataParallel

from tuner import Rank, Scenario, run_ranks
from tuner.bundled._digits import CLASSES, Digits, digits_at, load_examples, validation_metrics

PIXELS, MAX_EPOCHS = 64, 27
STATE = "state.pt"


def train(config: dict[str, Any]) -> None:
    """Train one network on as many processes as the trial has bundles beside its own."""
    run_ranks(train_rank, config)


def train_rank(rank: Rank, config: dict[str, Any]) -> None:
    """Train one process's part of every batch."""
    train_split, validation = (digits_at(rows, rank.device) for rows in load_examples().split())
    model = build_model(config).to(rank.device)
    replica = DistributedDataParallel(model)
    optimizer = torch.optim.SGD(
        replica.parameters(), lr=config["lr"], momentum=config["momentum"], nesterov=True
    )
    epochs_done, seed = restore(rank, model, optimizer), torch.initial_seed()
    for group in optimizer.param_groups:  # the checkpoint's may be another trial's
        group.update(lr=config["lr"], momentum=config["momentum"])
    for epoch in range(epochs_done + 1, MAX_EPOCHS + 1):
        torch.manual_seed(seed + epoch)  # a trial that was resumed drops out the same
        loss = train_epoch(rank, replica, optimizer, train_split, config["batch_size"], epoch)
        model.eval()
        with torch.no_grad():
            metrics = validation_metrics(model(validation.images), validation.labels)
        report(rank, {"epoch": epoch, "train_loss": loss, **metrics}, model, optimizer)


def build_model(config: dict[str, Any]) -> nn.Sequential:
    """Return the network: ``[n, 64]`` to ``[n, 10]``."""
    return nn.Sequential(
        nn.Linear(PIXELS, config["hidden_size"]),
        nn.ReLU(),
        nn.Dropout(config["dropout"]),
        nn.Linear(config["hidden_size"], CLASSES),
    )


def train_epoch(
    rank: Rank,
    replica: nn.Module,
    optimizer: torch.optim.Optimizer,
    split: Digits,
    batch_size: int,
    epoch: int,
) -> float:
    """Train this process's part of every batch; return its mean loss."""
    replica.train()
    shared = torch.Generator().manual_seed(epoch)  # the same on every rank
    order = torch.randperm(len(split.labels), generator=shared)
    total, count = 0.0, 0
    for batch in order.split(batch_size):
        own = batch[rank.number :: rank.world_size].to(rank.device)  # the last may leave one over
        loss = functional.cross_entropy(replica(split.images[own]), split.labels[own])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(own), count + len(own)
    return total / count


def restore(rank: Rank, model: nn.Module, optimizer: torch.optim.Optimizer) -> int:
    """Take up what the trial saved, if it did; return how many epochs it has done."""
    if rank.checkpoint is None:
        return 0
    with rank.checkpoint.as_directory() as folder:
        state = torch.load(Path(folder) / STATE, map_location=rank.device, weights_only=True)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    return int(state["epoch"])


def report(
    rank: Rank, metrics: dict[str, Any], model: nn.Module, optimizer: torch.optim.Optimizer
) -> None:
    """Report an epoch, with a checkpoint to go on from."""
    if rank.number != 0:
        return
    state = {
        "epoch": metrics["epoch"],
        "model": model.state_dict(),
        "optimizer": optimizer.state_dict(),
    }
    with tempfile.TemporaryDirectory() as folder:
        torch.save(state, Path(folder) / STATE)
        rank.report(metrics, checkpoint=tune.Checkpoint.from_directory(folder))


SCENARIO = Scenario(
    name="digits_ddp",
    description="A perceptron on scikit-learn's digits, trained by two processes (torch DDP)",
    trainable=train,
    space={
        "lr": tune.loguniform(1e-3, 1.0),
        "momentum": tune.uniform(0, 0.99),
        "batch_size": tune.choice([32, 64, 128]),
        "hidden_size": tune.lograndint(16, 257),
        "dropout": tune.uniform(0, 0.5),
    },
    metric="val_error",
    mode="min",
    time_attr="epoch",
    max_t=MAX_EPOCHS,
    resources=[{}, {"cpu": 1}, {"cpu": 1}],  # one for each process, none for what waits for them
    checkpoints=True,
    tags=("torch", "distributed", "image", "classification"),
)
