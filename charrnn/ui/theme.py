"""The look of the page: one theme, one style sheet, and the fonts bundled with Gradio."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

# Only weights 400 and 700 of the bundled Plex files hold Latin letters; 600 then resolves to 700.
WEIGHTS = (400, 700)


def theme() -> gr.themes.Base:
    """Indigo on slate, white blocks without shadows, light and dark."""
    return gr.themes.Base(
        primary_hue="indigo",
        neutral_hue="slate",
        radius_size="md",
        spacing_size="sm",
        text_size="md",
        font=[gr.themes.LocalFont("IBM Plex Sans", weights=WEIGHTS), "system-ui", "sans-serif"],
        font_mono=[gr.themes.LocalFont("IBM Plex Mono", weights=WEIGHTS), "monospace"],
    ).set(
        body_background_fill="*neutral_50",
        body_background_fill_dark="*neutral_950",
        body_text_color_subdued="*neutral_500",  # neutral_400 has a contrast of 2.5:1 on white
        body_text_color_subdued_dark="*neutral_400",
        block_background_fill="white",
        block_background_fill_dark="*neutral_900",
        block_border_width="1px",
        block_shadow="none",
        block_info_text_size="12px",
        block_label_text_weight="600",
        block_title_text_weight="600",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_hover="*primary_700",
        button_primary_background_fill_dark="*primary_600",
        button_primary_text_color="white",
        layout_gap="10px",
        input_background_fill="*neutral_100",
        input_background_fill_dark="*neutral_800",
        slider_color="*primary_600",
    )


PRINT = Path(__file__).parent / "print.css"


def head() -> str:
    """The style sheet for print, as an element of the page's head."""
    return f'<style media="print">{PRINT.read_text("utf-8")}</style>'


def css() -> str:
    """Every style sheet of the page's folders, one after another, those of components first."""
    sheets = sorted(set(Path(__file__).parent.rglob("*.css")) - {PRINT})
    return "\n".join(sheet.read_text("utf-8") for sheet in sheets)
