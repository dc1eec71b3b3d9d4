"""Architectures that people have, small, as both of PyTorch's exporters write them. Cases of exports.py."""

import math

import torch
import torch.nn.functional as F
from torch import nn

BOTH = [("script", 17), ("dynamo", 20)]


def register(export_cases, rounded):
    """`rounded` gives normalisations the epsilon that a file stores."""
    # Truth needs derivatives of every order, which fused attention lacks.
    torch.backends.mha.set_fastpath_enabled(False)
    torch.backends.cuda.enable_flash_sdp(False)

    def architecture(name, shape, versions=BOTH, **options):
        return export_cases("net_" + name, shape, versions, **options)

    attention(architecture, rounded)
    images(architecture, rounded)
    decoders(architecture, rounded)
    functions(architecture, rounded)


class Apply(nn.Module):
    def __init__(self, function, **modules):
        super().__init__()
        self.function = function
        for name, module in modules.items():
            setattr(self, name, module)

    def forward(self, x):
        return self.function(self, x)


class Attend(nn.Module):
    """Attention written out, as in nanoGPT; `causal` by a mask of -inf."""

    def __init__(self, size, heads, causal):
        super().__init__()
        self.all, self.last = nn.Linear(size, 3 * size), nn.Linear(size, size)
        self.heads, self.causal = heads, causal
        self.register_buffer("mask", torch.tril(torch.ones(16, 16)).view(1, 1, 16, 16))

    def forward(self, x):
        b, t, c = x.size()
        q, k, v = self.all(x).split(c, dim=2)
        q, k, v = (a.view(b, t, self.heads, c // self.heads).transpose(1, 2) for a in (q, k, v))
        s = (q @ k.transpose(-2, -1)) * (1.0 / math.sqrt(k.size(-1)))
        if self.causal:
            s = s.masked_fill(self.mask[:, :, :t, :t] == 0, float("-inf"))
        y = F.softmax(s, dim=-1) @ v
        return self.last(y.transpose(1, 2).contiguous().view(b, t, c))


class Block(nn.Module):
    def __init__(self, size, attend, rounded):
        super().__init__()
        self.norm_1, self.norm_2 = rounded(nn.LayerNorm(size)), rounded(nn.LayerNorm(size))
        self.attend = attend
        self.up, self.down = nn.Linear(size, 2 * size), nn.Linear(2 * size, size)

    def forward(self, x):
        x = x + self.attend(self.norm_1(x))
        return x + self.down(F.silu(self.up(self.norm_2(x))))


def attention(architecture, rounded):
    @architecture("gpt_block", [5, 8])
    def gpt_block():
        return Block(8, Attend(8, 2, causal=True), rounded)

    @architecture("multihead_attention", [3, 32])
    def multihead_attention():
        return Apply(lambda m, x: m.a(x, torch.sin(x), x, need_weights=False)[0], a=nn.MultiheadAttention(32, 2, batch_first=True))

    @architecture("encoder_layer", [2, 32], [("dynamo", 20)])
    def encoder_layer():
        return rounded(nn.TransformerEncoderLayer(32, 2, dim_feedforward=4, activation=torch.tanh, batch_first=True, norm_first=True))

    @architecture("vit", [2, 8, 8])
    def vit():
        def forward(m, x):
            x = m.patch(x).flatten(2).transpose(1, 2)
            x = torch.cat([m.cls.expand(x.shape[0], -1, -1), x], 1) + m.places
            return m.head(m.norm(m.block(x))[:, 0])

        m = Apply(forward, patch=nn.Conv2d(2, 8, 4, stride=4), block=Block(8, Attend(8, 2, causal=False), rounded),
                  norm=rounded(nn.LayerNorm(8)), head=nn.Linear(8, 3))
        m.cls, m.places = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.randn(1, 5, 8))
        return m

    @architecture("swin_windows", [4, 4, 8])
    def swin_windows():
        # Windows of 2 by 2, shifted by one, as Swin has them; the attention mask of the shift is left out.
        def forward(m, x):
            b, h, w, c = x.shape
            y = torch.roll(m.norm(x), (-1, -1), (1, 2))
            y = y.view(b, h // 2, 2, w // 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, c)
            y = m.attend(y)
            y = y.view(b, h // 2, w // 2, 2, 2, c).permute(0, 1, 3, 2, 4, 5).reshape(b, h, w, c)
            return x + torch.roll(y, (1, 1), (1, 2))

        return Apply(forward, norm=rounded(nn.LayerNorm(8)), attend=Attend(8, 2, causal=False))

    @architecture("llama_block", [4, 8])
    def llama_block():
        angles = torch.arange(4)[:, None] * torch.tensor([1.0, 0.25])

        def turn(x):
            cos, sin = torch.cos(angles).float().to(x.dtype), torch.sin(angles).float().to(x.dtype)
            a, b = x.chunk(2, -1)
            return torch.cat([a * cos - b * sin, a * sin + b * cos], -1)

        def norm(x, w):
            return w * (x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + 2.0**-20))

        def forward(m, x):
            h = norm(x, m.w1)
            q, k, v = (f(h).view(-1, 4, n, 4).transpose(1, 2) for f, n in ((m.q, 2), (m.k, 1), (m.v, 1)))
            q, k = turn(q), turn(k)
            k, v = k.repeat_interleave(2, 1), v.repeat_interleave(2, 1)
            s = q @ k.transpose(2, 3) / 2.0 + m.mask
            x = x + m.o((torch.softmax(s, -1) @ v).transpose(1, 2).reshape(-1, 4, 8))
            h = norm(x, m.w2)
            return x + m.down(F.silu(m.gate(h)) * m.up(h))

        linear = lambda a, b: nn.Linear(a, b, bias=False)
        m = Apply(forward, q=linear(8, 8), k=linear(8, 4), v=linear(8, 4), o=linear(8, 8), gate=linear(8, 6), up=linear(8, 6), down=linear(6, 8))
        m.w1, m.w2 = nn.Parameter(1 + 0.1 * torch.randn(8)), nn.Parameter(1 + 0.1 * torch.randn(8))
        m.register_buffer("mask", torch.full((4, 4), float("-inf")).triu(1))
        return m

    @architecture("cross_attention", [4, 4])
    def cross_attention():
        # Learned queries, as in Perceiver and DETR.
        def forward(m, x):
            s = torch.einsum("qd,bnd->bqn", m.queries, m.k(x)) / 2
            return torch.einsum("bqn,bnd->bqd", s.softmax(-1), m.v(x))

        m = Apply(forward, k=nn.Linear(4, 4), v=nn.Linear(4, 3))
        m.queries = nn.Parameter(torch.randn(2, 4))
        return m

    @architecture("linear_attention", [4, 6])
    def linear_attention():
        def forward(m, x):
            q, k, v = F.elu(m.q(x)) + 1, F.elu(m.k(x)) + 1, m.v(x)
            kv = torch.einsum("bnd,bne->bde", k, v)
            z = 1 / torch.einsum("bnd,bd->bn", q, k.sum(1))
            return torch.einsum("bnd,bde,bn->bne", q, kv, z)

        return Apply(forward, q=nn.Linear(6, 4), k=nn.Linear(6, 4), v=nn.Linear(6, 3))

    @architecture("top_k_experts", [4])
    def top_k_experts():
        # Only the best two of five experts count.
        def forward(m, x):
            best, which = m.route(x).topk(2, -1)
            gates = torch.zeros_like(m.route(x)).scatter(1, which, torch.softmax(best, -1))
            each = torch.stack([expert(x) for expert in m.experts], -1)
            return (each * gates.unsqueeze(1)).sum(-1)

        net = lambda: nn.Sequential(nn.Linear(4, 3), nn.SiLU(), nn.Linear(3, 2))
        return Apply(forward, route=nn.Linear(4, 5), experts=nn.ModuleList(net() for _ in range(5)))

    @architecture("swin_block", [4, 4, 4])
    def swin_block():
        # Attention in windows that are moved by one, with a bias for each distance and a mask between what was apart.
        def forward(m, x):
            y = torch.roll(m.norm(x), (-1, -1), (1, 2))
            y = y.view(-1, 2, 2, 2, 2, 4).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, 4, 4)
            q, k, v = m.qkv(y).chunk(3, -1)
            scores = q @ k.transpose(-2, -1) / 2.0 + m.table[m.relative].view(4, 4) + m.mask
            y = m.project(torch.softmax(scores, -1) @ v)
            y = y.view(-1, 2, 2, 2, 2, 4).permute(0, 1, 3, 2, 4, 5).reshape(-1, 4, 4, 4)
            return x + torch.roll(y, (1, 1), (1, 2))

        m = Apply(forward, norm=nn.LayerNorm(4), qkv=nn.Linear(4, 12), project=nn.Linear(4, 4))
        m.table = nn.Parameter(torch.randn(9))
        place = torch.stack(torch.meshgrid(torch.arange(2), torch.arange(2), indexing="ij")).flatten(1)
        apart = place[:, :, None] - place[:, None, :] + 1
        m.register_buffer("relative", (3 * apart[0] + apart[1]).flatten())
        region = torch.zeros(4, 4)
        region[3:], region[:, 3:] = region[3:] + 1, region[:, 3:] + 2
        region = region.view(2, 2, 2, 2).permute(0, 2, 1, 3).reshape(4, 4)
        m.register_buffer("mask", -100.0 * (region[:, :, None] != region[:, None, :]).float())
        rounded(m)
        return m

    @architecture("mixture_of_experts", [4])
    def mixture_of_experts():
        def forward(m, x):
            weights = torch.softmax(m.gate(x), -1)
            outputs = torch.stack([expert(x) for expert in m.experts], 1)
            return (weights.unsqueeze(-1) * outputs).sum(1)

        experts = nn.ModuleList(nn.Sequential(nn.Linear(4, 5), nn.Tanh(), nn.Linear(5, 2)) for _ in range(3))
        return Apply(forward, gate=nn.Linear(4, 3), experts=experts)


def images(architecture, rounded):
    @architecture("alexnet_lrn", [2, 6, 6])
    def alexnet():
        return nn.Sequential(nn.Conv2d(2, 6, 3, padding=1), nn.Softplus(), nn.LocalResponseNorm(3, 0.125, 0.75, 1.0), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(54, 4), nn.Tanh(), nn.Linear(4, 3), nn.Softmax(-1))

    @architecture("video", [2, 3, 4, 4])
    def video():
        return nn.Sequential(nn.Conv3d(2, 4, 3, padding=1), nn.Tanh(), nn.AvgPool3d((1, 2, 2)), nn.Conv3d(4, 3, (3, 2, 2)), nn.Sigmoid(),
                             nn.Flatten(), nn.Linear(3, 2))

    @architecture("convnext_block", [4, 5, 5])
    def convnext_block():
        def forward(m, x):
            y = m.norm(m.depthwise(x).permute(0, 2, 3, 1))
            return x + (m.scale * m.down(F.silu(m.up(y)))).permute(0, 3, 1, 2)

        m = Apply(forward, depthwise=nn.Conv2d(4, 4, 3, padding=1, groups=4), norm=rounded(nn.LayerNorm(4)), up=nn.Linear(4, 8), down=nn.Linear(8, 4))
        m.scale = nn.Parameter(torch.randn(4))
        return m

    @architecture("inverted_residual", [3, 5, 5])
    def inverted_residual():
        def forward(m, x):
            y = m.depth(F.silu(m.up(x)))
            y = y * torch.sigmoid(m.excite(F.silu(m.squeeze(F.adaptive_avg_pool2d(y, 1)))))
            return x + m.down(F.silu(y))

        return Apply(forward, up=nn.Conv2d(3, 6, 1), depth=nn.Conv2d(6, 6, 3, padding=1, groups=6), squeeze=nn.Conv2d(6, 2, 1),
                     excite=nn.Conv2d(2, 6, 1), down=nn.Conv2d(6, 3, 1))

    @architecture("dense_block", [2, 5, 5])
    def dense_block():
        def forward(m, x):
            for conv in m.convs:
                x = torch.cat([x, torch.tanh(conv(x))], 1)
            return F.avg_pool2d(x, 3, stride=2, padding=1, count_include_pad=False).flatten(1)[:, ::7]

        return Apply(forward, convs=nn.ModuleList(nn.Conv2d(2 + 2 * i, 2, 3, padding=1) for i in range(3)))

    @architecture("channel_shuffle", [4, 4, 4])
    def channel_shuffle():
        def forward(m, x):
            a, b = x.chunk(2, 1)
            y = torch.cat([a, torch.tanh(m.conv(b))], 1)
            n, c, h, w = y.shape
            return y.view(n, 2, c // 2, h, w).transpose(1, 2).reshape(n, c, h, w).mean((2, 3))

        return Apply(forward, conv=nn.Conv2d(2, 2, 3, padding=1))

    @architecture("group_norm", [4, 3, 3])
    def group_norm():
        return Apply(lambda m, x: torch.tanh(m.norm(m.conv(x))).mean((2, 3)), conv=nn.Conv2d(4, 4, 1), norm=rounded(nn.GroupNorm(2, 4)))

    @architecture("instance_norm", [3, 3, 3])
    def instance_norm():
        return Apply(lambda m, x: torch.tanh(m.norm(m.conv(x))).mean(2), conv=nn.Conv2d(3, 3, 1), norm=rounded(nn.InstanceNorm2d(3, affine=True)))

    @architecture("padding_modes", [2, 5, 5])
    def padding_modes():
        return nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"), nn.Tanh(),
                             nn.Conv2d(2, 2, 3, padding=1, padding_mode="circular"), nn.Tanh(),
                             nn.Conv2d(2, 1, 3, padding=1, padding_mode="replicate"), nn.AvgPool2d(5))

    @architecture("wavenet", [2, 12])
    def wavenet():
        def forward(m, x):
            for gate, value in zip(m.gates, m.values):
                x = x[..., -gate(x).shape[-1]:] + torch.tanh(value(x)) * torch.sigmoid(gate(x))
            return x

        conv = lambda d: nn.Conv1d(2, 2, 2, dilation=d)
        return Apply(forward, gates=nn.ModuleList(map(conv, (1, 2, 4))), values=nn.ModuleList(map(conv, (1, 2, 4))))


def decoders(architecture, rounded):
    def unet(up):
        def forward(m, x):
            a = torch.tanh(m.enter(x))
            b = torch.tanh(m.deep(F.avg_pool2d(a, 2)))
            return m.leave(torch.cat([a, up(m, b)], 1)).mean(1)

        return Apply(forward, enter=nn.Conv2d(2, 3, 3, padding=1), deep=nn.Conv2d(3, 4, 3, padding=1), leave=nn.Conv2d(7, 2, 1),
                     up=nn.ConvTranspose2d(4, 4, 2, stride=2))

    @architecture("unet_transposed", [2, 4, 4])
    def unet_transposed():
        return unet(lambda m, x: m.up(x))

    @architecture("unet_nearest", [2, 4, 4])
    def unet_nearest():
        return unet(lambda m, x: F.interpolate(x, scale_factor=2, mode="nearest"))

    @architecture("unet_bilinear", [2, 4, 4])
    def unet_bilinear():
        return unet(lambda m, x: F.interpolate(x, size=(4, 4), mode="bilinear", align_corners=False))

    @architecture("unet_bilinear_corners", [2, 4, 4])
    def unet_bilinear_corners():
        return unet(lambda m, x: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=True))

    @architecture("vae_decoder", [3])
    def vae_decoder():
        return nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Unflatten(1, (2, 2, 2)), nn.ConvTranspose2d(2, 2, 3, stride=2, padding=1, output_padding=1),
                             nn.ELU(), nn.Conv2d(2, 1, 3, padding=1), nn.Sigmoid())

    @architecture("pixel_shuffle", [2, 3, 3])
    def pixel_shuffle():
        return nn.Sequential(nn.Conv2d(2, 4, 3, padding=1), nn.Tanh(), nn.PixelShuffle(2), nn.Conv2d(1, 2, 3, stride=2), nn.PixelUnshuffle(2))


def functions(architecture, rounded):
    @architecture("siren", [2])
    def siren():
        return Apply(lambda m, x: m.c(torch.sin(3 * m.b(torch.sin(3 * m.a(x))))), a=nn.Linear(2, 6), b=nn.Linear(6, 6), c=nn.Linear(6, 1))

    @architecture("fourier_features", [2])
    def fourier_features():
        def forward(m, x):
            z = x @ m.b
            return m.net(torch.cat([torch.sin(z), torch.cos(z)], -1))

        m = Apply(forward, net=nn.Sequential(nn.Linear(8, 5), nn.Tanh(), nn.Linear(5, 1)))
        m.b = nn.Parameter(torch.randn(2, 4))
        return m

    @architecture("chebyshev_kan", [2])
    def chebyshev_kan():
        def forward(m, x):
            x = torch.tanh(x)
            t = [torch.ones_like(x), x]
            for _ in range(3):
                t.append(2 * x * t[-1] - t[-2])
            return torch.einsum("bik,iok->bo", torch.stack(t, -1), m.c)

        m = Apply(forward)
        m.c = nn.Parameter(torch.randn(2, 3, 5))
        return m

    @architecture("b_spline_kan", [3])
    def b_spline_kan():
        # Cubic splines by de Boor's recursion from the cells of a grid, as efficient-kan has it.
        def forward(m, x):
            t, x = m.grid, x[..., None]
            basis = ((x >= t[:-1]) & (x < t[1:])).to(x.dtype)
            for k in range(1, 4):
                left = (x - t[: -(k + 1)]) / (t[k:-1] - t[: -(k + 1)]) * basis[..., :-1]
                right = (t[k + 1 :] - x) / (t[k + 1 :] - t[1:-k]) * basis[..., 1:]
                basis = left + right
            return m.last(basis.flatten(1)) + m.base(F.silu(x[..., 0]))

        m = Apply(forward, last=nn.Linear(21, 2), base=nn.Linear(3, 2))
        m.register_buffer("grid", 0.75 * torch.arange(-5.0, 6.0) + 0.125)  # exact in float32
        return m

    @architecture("graph_index_add", [4, 3], [("dynamo", 20)])  # which the old exporter can't write
    def graph_index_add():
        # Messages along the edges of a graph, summed where they arrive.
        def forward(m, x):
            for layer in m.layers:
                sent = torch.tanh(layer(torch.cat([x[:, m.source], x[:, m.target]], -1)))
                x = x + torch.zeros_like(x).index_add(1, m.target, sent)
            return m.out(x.sum(1))

        m = Apply(forward, layers=nn.ModuleList(nn.Linear(6, 3) for _ in range(2)), out=nn.Linear(3, 2))
        m.register_buffer("source", torch.tensor([0, 1, 1, 2, 3, 0]))
        m.register_buffer("target", torch.tensor([1, 0, 2, 1, 2, 3]))
        return m

    @architecture("vector_quantised", [4, 3])
    def vector_quantised():
        # A decoder of the nearest rows of a codebook, each times how near it is.
        def forward(m, x):
            z = m.encoder(x)
            distance = ((z.unsqueeze(2) - m.codes) ** 2).sum(-1)
            nearest = distance.argmin(-1)
            return m.decoder(m.codes[nearest] * torch.exp(-distance.amin(-1, keepdim=True)))

        m = Apply(forward, encoder=nn.Linear(3, 2), decoder=nn.Linear(2, 3))
        m.codes = nn.Parameter(torch.randn(5, 2))
        return m

    @architecture("radial_basis_kan", [3])
    def radial_basis_kan():
        def forward(m, x):
            basis = torch.exp(-(((x[..., None] - m.grid) / 0.5) ** 2))
            return m.last(basis.view(*x.shape[:-1], -1)) + m.base(F.silu(x))

        m = Apply(forward, last=nn.Linear(12, 2), base=nn.Linear(3, 2))
        m.register_buffer("grid", torch.linspace(-1, 1, 4))
        return m

    @architecture("log_sum_exp", [5])
    def log_sum_exp():
        return Apply(lambda m, x: torch.logsumexp(m.a(x), 1, keepdim=True) + torch.log_softmax(x, 1), a=nn.Linear(5, 4))

    @architecture("pairwise_distances", [3, 2])
    def pairwise_distances():
        def forward(m, x):
            d = ((x.unsqueeze(2) - x.unsqueeze(1)) ** 2).sum(-1)
            return torch.exp(-d) @ m.a(x)

        return Apply(forward, a=nn.Linear(2, 2))

    @architecture("graph_convolution", [4, 3])
    def graph_convolution():
        def forward(m, x):
            h = torch.tanh(m.adjacency @ m.a(x))
            return torch.softmax(m.adjacency @ m.b(h), -1)

        m = Apply(forward, a=nn.Linear(3, 4), b=nn.Linear(4, 2))
        m.register_buffer("adjacency", torch.tensor([[0.5, 0.5, 0, 0], [0.3, 0.4, 0.3, 0], [0, 0.25, 0.5, 0.25], [0, 0, 0.5, 0.5]]))
        return m

    @architecture("deep_sets", [4, 3])
    def deep_sets():
        return Apply(lambda m, x: m.b(torch.tanh(m.a(x)).sum(1)), a=nn.Linear(3, 5), b=nn.Sequential(nn.Linear(5, 4), nn.Softplus(), nn.Linear(4, 1)))

    @architecture("deep_o_net", [5])
    def deep_o_net():
        # Branch and trunk of one point: three numbers of a function, two coordinates.
        def forward(m, x):
            return (m.branch(x[:, :3]) * m.trunk(x[:, 3:])).sum(-1, keepdim=True) + m.bias

        net = lambda n: nn.Sequential(nn.Linear(n, 5), nn.Tanh(), nn.Linear(5, 4))
        m = Apply(forward, branch=net(3), trunk=net(2))
        m.bias = nn.Parameter(torch.randn(1))
        return m

    @architecture("coupling_flow", [4])
    def coupling_flow():
        def forward(m, x):
            a, b = x[:, :2], x[:, 2:]
            for s, t in zip(m.s, m.t):
                a, b = b * torch.exp(torch.tanh(s(a))) + t(a), a
            return torch.cat([a, b], 1)

        nets = lambda: nn.ModuleList(nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 2)) for _ in range(2))
        return Apply(forward, s=nets(), t=nets())

    @architecture("neural_ode", [2])
    def neural_ode():
        def forward(m, x):
            h = 0.25
            for _ in range(2):
                k1 = m.f(x)
                k2 = m.f(x + h / 2 * k1)
                k3 = m.f(x + h / 2 * k2)
                x = x + h / 8 * (k1 + 3 * k2 + 3 * k3 + m.f(x + h * k3))
            return x

        return Apply(forward, f=nn.Sequential(nn.Linear(2, 4), nn.Tanh(), nn.Linear(4, 2)))

    @architecture("hypernetwork", [5])
    def hypernetwork():
        def forward(m, x):
            w = m.weights(x[:, :2]).view(-1, 3, 3)
            return torch.tanh(torch.bmm(w, x[:, 2:].unsqueeze(-1)).squeeze(-1))

        return Apply(forward, weights=nn.Linear(2, 9))

    @architecture("highway", [4])
    def highway():
        def forward(m, x):
            gate = torch.sigmoid(m.t(x))
            return gate * F.mish(m.h(x)) + (1 - gate) * x

        return Apply(forward, t=nn.Linear(4, 4), h=nn.Linear(4, 4))

    @architecture("bilinear_layer", [4], [("dynamo", 20)])
    def bilinear_layer():
        return Apply(lambda m, x: m.b(torch.tanh(x[:, :2]), x[:, 2:]), b=nn.Bilinear(2, 2, 3))

    @architecture("factorisation_machine", [5])
    def factorisation_machine():
        def forward(m, x):
            pairs = 0.5 * ((x @ m.v).pow(2) - x.pow(2) @ m.v.pow(2)).sum(1, keepdim=True)
            return torch.sigmoid(m.linear(x) + pairs)

        m = Apply(forward, linear=nn.Linear(5, 1))
        m.v = nn.Parameter(torch.round(4 * torch.randn(5, 3)) / 8)  # squares are exact in float32
        return m

    @architecture("cosine_similarity", [4])
    def cosine_similarity():
        def forward(m, x):
            a, b = m.a(x), m.b(x)
            return (F.normalize(a, dim=-1) * F.normalize(b, dim=-1)).sum(-1, keepdim=True)

        return Apply(forward, a=nn.Linear(4, 3), b=nn.Linear(4, 3))
