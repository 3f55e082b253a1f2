"""The colours: one palette for the page and the picture, light and dark, always light on paper."""

from __future__ import annotations

__all__ = ["PALETTE", "SVG_STYLE"]

LIGHT = (
    "--paper:#fff;--ink:#1a2230;--soft:#5a6473;--line:#dfe4ea;--band:#f1f3f6;--red:#c22f3d;--on-red:#fff;"
    "--green:#207547;--amber:#9a5b00;--amber-soft:#f3dfb8;--blue:#2a5db0;--blue-soft:#e3ecf9;--violet:#6a4bb0;"
    "--violet-soft:#ece6f8;--shade:#f7f8fa"
)
DARK = (
    "--paper:#12161d;--ink:#e6eaf0;--soft:#9aa5b4;--line:#2a323d;--band:#1c222b;--red:#ec6a75;--on-red:#12161d;"
    "--green:#4bb37d;--amber:#e0a64b;--amber-soft:#4a3a1c;--blue:#7fb0f5;--blue-soft:#1e2f49;--violet:#b39ce8;"
    "--violet-soft:#2f2748;--shade:#181d25"
)


def _themed(selector: str) -> str:
    return f"{selector}{{{LIGHT}}}@media screen and (prefers-color-scheme:dark){{{selector}{{{DARK}}}}}"


PALETTE = _themed(":root")
"""For the page. Dark only on a screen."""

SVG_STYLE = _themed(".bs") + (
    ".bs text{fill:var(--ink)}.bs .soft{fill:var(--soft)}.bs .num{fill:var(--soft);font-variant-numeric:tabular-nums}"
    ".bs .bold{font-weight:600}.bs .ital{font-style:italic}"
    ".bs .halo{paint-order:stroke;stroke:var(--paper);stroke-width:3px;stroke-linejoin:round}"
    ".bs .paper,.hatch-paper{fill:var(--paper)}.bs .band{fill:var(--band)}"
    ".bs .rule{stroke:var(--line)}.bs .pole{stroke:var(--soft);stroke-width:.8}"
    ".bs .guide{stroke:var(--soft);stroke-width:.7;stroke-dasharray:1.5 3;opacity:.7}"
    ".bs .dim{stroke:var(--ink);stroke-width:1.3;fill:none}"
    ".bs .green{fill:var(--green);opacity:.75}.bs .red{fill:var(--red)}.bs .missing{fill:url(#bs-missing)}"
    ".bs .fault{fill:var(--violet)}.bs .on-fault,.bs .on-red{fill:var(--on-red)}.bs .on-missing{fill:var(--ink)}"
    ".bs .role{fill:var(--blue-soft)}.bs .phase{fill:var(--violet-soft)}.bs .stage{fill:var(--shade);stroke:var(--line)}.bs .on-stage{fill:var(--soft)}.bs .phase,.bs .role{stroke:var(--paper)}"
    ".bs .m{stroke:var(--paper);stroke-width:1}.bs .message,.bs .pinned{fill:var(--blue)}"
    ".bs .pinned{stroke:var(--ink);stroke-width:1.5}"
    ".bs .asked{fill:var(--paper);stroke:var(--amber);stroke-width:1.6}"
    ".bs .command{fill:var(--ink)}.bs .nonzero{fill:var(--paper);stroke:var(--ink);stroke-width:1.4}"
    ".bs .page{fill:var(--red)}.bs .ack{fill:var(--green)}.bs .escalated{fill:var(--amber)}"
    ".bs .ran{fill:var(--ink)}.bs .jumped{fill:url(#bs-jumped)}.hatch-ink{fill:var(--soft)}"
    ".miss-paper{fill:var(--amber-soft)}.miss-ink{fill:var(--amber)}"
    ".bs .paused{stroke:var(--ink);stroke-width:2;fill:none}"
    ".bs .tick{stroke:var(--soft)}"
)
