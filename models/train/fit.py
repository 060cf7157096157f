"""Fits the three models on the matrices of extract.ts. Every random choice has a fixed seed; one thread."""

import numpy as np
import torch
from sklearn.ensemble import IsolationForest
from torch import nn

SEED = 20_241
PATCH, HIDDEN = 4, 16
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)


def fit_forest(x):
    pick = np.random.default_rng(SEED).choice(len(x), min(60_000, len(x)), replace=False)
    return IsolationForest(n_estimators=64, max_samples=512, random_state=SEED).fit(x[pick])


def _epochs(model, loss_of, x, epochs, batch, rate):
    """Adam with a cosine fall of the rate; returns the mean loss of the last epoch."""
    order = np.random.default_rng(SEED)
    optimiser = torch.optim.Adam(model.parameters(), rate)
    steps = epochs * (len(x) // batch)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    for _ in range(epochs):
        places = order.permutation(len(x))
        losses = []
        for i in range(len(x) // batch):
            loss = loss_of(model, x[places[i * batch : (i + 1) * batch]])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            fall.step()
            losses.append(loss.item())
    return float(np.mean(losses))


class Forecast(nn.Module):
    """Expected value and log spread, both in the asinh of scales, from a straight part and one hidden layer."""

    def __init__(self, width, hidden=24):
        super().__init__()
        self.straight = nn.Linear(width, 2, bias=False)
        self.first = nn.Linear(width, hidden)
        self.second = nn.Linear(hidden, 2)

    def forward(self, x):
        return self.straight(x) + self.second(torch.tanh(self.first(x)))


def _laplace(model, rows):
    """Negative log likelihood of a Laplace law: the median is learned, and outliers weigh little."""
    out = model(rows[:, :-1])
    spread = out[:, 1].clamp(-6.0, 4.0)
    return (torch.abs(rows[:, -1] - out[:, 0]) * torch.exp(-spread) + spread).mean()


def fit_forecast(rows):
    torch.manual_seed(SEED)
    x = torch.from_numpy(rows.clip(-8, 8))
    model = Forecast(x.shape[1] - 1)
    loss = _epochs(model, _laplace, x, epochs=12, batch=1024, rate=4e-3)
    s = {k: v.detach().numpy() for k, v in model.state_dict().items()}
    return model, loss, {
        "w0": s["straight.weight"].T.copy(), "w1": s["first.weight"].T.copy(), "b1": s["first.bias"],
        "w2": s["second.weight"].T.copy(), "b2": s["second.bias"],
    }


class Autoencoder(nn.Module):
    """LSTM over patches to one state of HIDDEN values, and back."""

    def __init__(self):
        super().__init__()
        self.encoder = nn.LSTM(PATCH, HIDDEN)
        self.decoder = nn.LSTM(HIDDEN, HIDDEN)
        self.out = nn.Linear(HIDDEN, PATCH)

    def forward(self, rows):
        x = rows.view(len(rows), -1, PATCH).transpose(0, 1)
        _, (code, _) = self.encoder(x)
        y, _ = self.decoder(code.repeat(x.shape[0], 1, 1))
        return self.out(y).transpose(0, 1).reshape(len(rows), -1)

    def errors(self, rows):
        squares = (rows - self(rows)) ** 2
        return torch.stack([squares.mean(1), squares[:, -8:].mean(1)], 1)


def _reconstruction(model, rows):
    # Huber instead of squares: the rare extreme windows must stay hard to copy.
    return nn.functional.huber_loss(model(rows), rows, delta=1.0)


def fit_autoencoder(x):
    torch.manual_seed(SEED)
    pick = np.random.default_rng(SEED).choice(len(x), min(160_000, len(x)), replace=False)
    model = Autoencoder()
    loss = _epochs(model, _reconstruction, torch.from_numpy(x[pick]), epochs=6, batch=256, rate=4e-3)
    return model, loss, {k: v.detach().numpy() for k, v in model.state_dict().items()}
