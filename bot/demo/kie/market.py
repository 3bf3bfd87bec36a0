"""The models of KIE's market, as its pages, its list and recordings have them (October 2026).

This is the other side: nothing here comes from what the bot declares, so that a wrong declaration
is refused or billed as KIE would. Only of Midjourney nobody has a page: its fields are those that
the bot declares.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from providers.base import Flag, Kind, Number, OneOf, Text, TextOrNumber, Url, Word
from providers.products import PRODUCTS

from . import pictures
from .models import Model, Schema, reference

# --- Fields


def text(most: int, least: int = 1) -> Schema:
    return {"type": "string", "minLength": least, "maxLength": most}


def words(given: str, default: str | None = None) -> Schema:
    usual = {} if default is None else {"default": default}
    return {"type": "string", "enum": given.split(), **usual}


def whole(low: int, high: int, default: int) -> Schema:
    return {"type": "integer", "minimum": low, "maximum": high, "default": default}


def number(low: float, high: float, **more: float) -> Schema:
    return {"type": "number", "minimum": low, "maximum": high, **more}


def urls(most: int, least: int = 0) -> Schema:
    return {"type": "array", "items": URL, "minItems": least, "maxItems": most}


def switch(*, default: bool) -> Schema:
    return {"type": "boolean", "default": default}


URL: Schema = {"type": "string", "format": "uri"}
SAFE = {"nsfw_checker": switch(default=False)}
SEED: Schema = {"type": ["integer", "null"], "minimum": 0, "maximum": 2**31 - 1}

PHOTOS = "JPEG PNG"
F7 = "1:1 4:3 3:4 16:9 9:16 3:2 2:3"
A8 = f"{F7} 21:9"
A15 = "auto 1:1 2:3 3:2 1:4 4:1 3:4 4:3 4:5 5:4 1:8 8:1 9:16 16:9 21:9"
ONLY_1K = "27:16 16:27 9:8 8:9"
FILM = "16:9 9:16 1:1"
SIZES = "square square_hd portrait_4_3 portrait_16_9 landscape_4_3 landscape_16_9"

# --- Midjourney, from its declaration


def _schema(kind: Kind) -> Schema:
    match kind:
        case OneOf(words=known, sent=sent):
            return {"enum": [sent.get(word, word) for word in known]}
        case Number(low=low, high=high, step=step):
            return number(low, high, multipleOf=step)
        case Text(limit=limit):
            return text(limit)
        case Url():
            return URL
        case Flag(sent=sent):
            return {"enum": [sent]}
        case TextOrNumber() | Word():
            return {}


def _midjourney() -> dict[str, Model]:
    product = PRODUCTS["midjourney"]
    ways: dict[str, list[Schema]] = {"prompt": [text(product.prompt_chars)]}
    for each in product.fields:
        if not each.option:  # those are passed on as whatever people write
            ways.setdefault(each.param, []).append(_schema(each.kind))
    fields = {name: each[0] if len(each) == 1 else {"anyOf": each} for name, each in ways.items()}
    model = Model(provider="Midjourney", fields=fields, formats=PHOTOS)
    return _pair(f"{product.models.text} {product.models.picture}", model, image_url=URL)


# --- The others


def _pair(names: str, model: Model, **with_picture: Schema) -> dict[str, Model]:
    """A model for words alone, and its twin: with a picture, in the first of these fields."""
    param = next(iter(with_picture))
    fields, required = {**model.fields, **with_picture}, f"{model.required} {param}"
    twin = replace(model, fields=fields, required=required, picture=param)
    return dict(zip(names.split(), (model, twin), strict=True))


def _both(name: str) -> str:
    return f"{name}-text-to-image {name}-image-to-image"


def _kling(prompt_chars: int, no_chars: int, **more: Schema) -> dict[str, Schema]:
    return {
        "prompt": text(prompt_chars),
        "duration": words("5 10", "5"),
        "negative_prompt": text(no_chars) | {"nullable": True},
        "cfg_scale": number(0, 1, multipleOf=0.1, default=0.5),
        **more,
    }


# fmt: off
BANANA = Model(
    provider="Google", picture="image_input", picture_mb=30, seconds=50, fields={
        "prompt": text(20_000), "image_input": urls(14), "aspect_ratio": words(A15, "auto"),
        "resolution": words("1K 2K 4K", "1K"), "output_format": words("png jpg", "jpg")},
    credits={"1K": 4, "2K": 6, "4K": 9}, by="resolution")

MODELS: Mapping[str, Model] = {
    **_midjourney(),
    "nano-banana-2-1": BANANA,
    "nano-banana-2": replace(BANANA, credits={"1K": 8, "2K": 12, "4K": 18}),
    "nano-banana-pro": replace(BANANA, credits={"1K": 18, "2K": 18, "4K": 24}, fields={
        **BANANA.fields, "prompt": text(10_000), "image_input": urls(8),
        "aspect_ratio": words("1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9 auto", "1:1"),
        "output_format": words("png jpg", "png")}),
    **_pair(_both("gpt-image-2-5-flare"), Model(
        provider="OpenAI", fields={
            "prompt": text(20_000), "aspect_ratio": words(f"auto {A8} {ONLY_1K}", "auto"),
            "resolution": words("1K 2K 4K", "1K"),
            "background": words("transparent opaque auto", "auto")},
        not_at={"2K": ONLY_1K, "4K": ONLY_1K},
        credits={"1K": 6, "2K": 10, "4K": 16}, by="resolution", seconds=69,
    ), input_urls=urls(16, 1)),
    **_pair(_both("gpt-image-2"), Model(
        provider="OpenAI", told="prompt", fields={
            "prompt": text(20_000),
            "aspect_ratio": words(f"auto {A8} 5:4 4:5 2:1 1:2 3:1 1:3 9:21", "auto"),
            "resolution": words("1K 2K 4K", "1K")},
        not_at={"2K": "auto 5:4 4:5 3:1 1:3 9:21", "4K": "auto 1:1 5:4 4:5 3:1 1:3 9:21"},
        credits={"1K": 6, "2K": 10, "4K": 16}, by="resolution", seconds=55,
    ), input_urls=urls(16, 1)),
    **_pair(_both("seedream/5-flash"), Model(
        provider="ByteDance", required="prompt aspect_ratio", fields={
            "prompt": text(5000, 3), "aspect_ratio": words(A8),
            "size": words("1K 1.5K 2K", "1K"), "output_format": words("png jpeg", "png"), **SAFE},
        credits=3.24, seconds=25,
    ), image_urls=urls(10, 1)),
    **_pair(_both("seedream/5-lite"), Model(
        provider="ByteDance", required="prompt aspect_ratio quality", fields={
            "prompt": text(3000, 3), "aspect_ratio": words(A8),
            "quality": words("basic high ultra"), **SAFE},
        credits=5.5, seconds=45,
    ), image_urls=urls(14, 1)),
    **_pair("seedream/4.5-text-to-image seedream/4.5-edit", Model(
        provider="ByteDance", required="prompt aspect_ratio quality", told="prompt", fields={
            "prompt": text(3000), "aspect_ratio": words(A8, "1:1"),
            "quality": words("basic high", "basic"), **SAFE},
        credits=6.5,
    ), image_urls=urls(14, 1)),
    **_pair(_both("flux-2/pro"), Model(
        provider="Black Forest Labs", required="prompt aspect_ratio resolution", told="prompt",
        fields={
            "prompt": text(5000, 3), "aspect_ratio": words(F7), "resolution": words("1K 2K"),
            **SAFE},
        credits={"1K": 5, "2K": 7}, by="resolution",
    ), input_urls=urls(8, 1), aspect_ratio=words(f"{F7} auto")),
    **_pair("ideogram/v3-text-to-image ideogram/v3-remix", Model(
        provider="Ideogram", listed_as="Text to Video", fields={
            "prompt": text(5000), "image_size": words(SIZES, "square_hd"),
            "rendering_speed": words("TURBO BALANCED QUALITY", "BALANCED"),
            "style": words("AUTO GENERAL REALISTIC DESIGN", "AUTO"),
            "negative_prompt": text(5000), "seed": SEED, "expand_prompt": switch(default=True)},
        credits={"TURBO": 3.5, "BALANCED": 7, "QUALITY": 10}, by="rendering_speed",
        times="num_images",
    ), image_url=URL, strength=number(0.01, 1, default=0.8), num_images=words("1 2 3 4", "1")),
    **_pair("qwen3/text-to-image qwen3/image-to-image", Model(
        provider="Qwen", fields={
            "prompt": text(5000), "image_size": words(A8, "16:9"),
            "resolution": words("1K 2K", "1K"), "negative_prompt": text(5000),
            "seed": SEED | {"default": 1}, "prompt_extend": switch(default=True),
            "output_format": words("png jpeg", "png"), **SAFE},
        credits=4.8, per_picture=0.5,
    ), image_urls=urls(3, 1)),
    "z-image": Model(
        provider="Qwen", required="prompt aspect_ratio", told="prompt", fields={
            "prompt": text(1000), "aspect_ratio": words("1:1 4:3 3:4 16:9 9:16"), **SAFE},
        credits=0.8, seconds=10),
    "kling/v2-5-turbo-text-to-video-pro": Model(
        provider="Kling", required="prompt duration", credits={"5": 42, "10": 84}, by="duration",
        fields=_kling(2500, 2500, aspect_ratio=words(FILM, "16:9"))),
    "kling/v2-5-turbo-image-to-video-pro": Model(
        provider="Kling", required="prompt duration image_url", credits={"5": 42, "10": 84},
        by="duration", fields=_kling(2500, 500, image_url=URL, tail_image_url=URL),
        picture="image_url", formats=PHOTOS),
    "kling/v2-1-standard": Model(
        provider="Kling", required="prompt duration image_url", credits={"5": 25, "10": 50},
        by="duration", fields=_kling(5000, 500, image_url=URL), picture="image_url",
        formats=PHOTOS),
    # Its page calls more required than a recorded request had.
    "kling-3.0/video": Model(
        provider="Kling", required="prompt sound duration multi_shots",
        told="prompt multi_prompt multi_shots sound duration", text_only="aspect_ratio", fields={
            "prompt": text(2500), "image_urls": urls(2), "sound": {"type": "boolean"},
            "duration": words("3 4 5 6 7 8 9 10 11 12 13 14 15"), "aspect_ratio": words(FILM),
            "mode": words("std pro 4K", "pro"), "multi_shots": {"type": "boolean"},
            "multi_prompt": {"type": "array", "items": {"type": "object"}, "maxItems": 5},
            "kling_elements": {
                "type": "array", "items": reference("kling element "), "maxItems": 3}},
        credits={
            "std False": 14, "std True": 20, "pro False": 18, "pro True": 27, "4K False": 67,
            "4K True": 67},
        by="mode sound", times="duration", picture="image_urls", formats=PHOTOS, seconds=127),
    "bytedance/seedance-2-mini": Model(
        provider="ByteDance", fields={
            "prompt": text(20_000, 3), "first_frame_url": URL, "duration": whole(4, 15, 5),
            "aspect_ratio": words("1:1 4:3 3:4 16:9 9:16 21:9 adaptive", "adaptive"),
            "resolution": words("480p 720p", "720p"), "generate_audio": switch(default=True),
            **SAFE},
        credits={"480p": 3.8, "720p": 8.2}, by="resolution", times="duration",
        picture="first_frame_url", seconds=154),
    "recraft/crisp-upscale": Model(
        provider="Elevenlabs", required="image", fields={"image": URL}, credits=0.5,
        picture="image", tool=pictures.upscaled, seconds=10),
    "topaz/image-upscale": Model(
        provider="Topaz", required="image_url upscale_factor",
        fields={"image_url": URL, "upscale_factor": words("1 2 4")},
        credits={"1": 10, "2": 10, "4": 20}, by="upscale_factor", picture="image_url",
        tool=pictures.upscaled, seconds=20),
    "recraft/remove-background": Model(
        provider="Elevenlabs", required="image", fields={"image": URL}, credits=1,
        picture="image", picture_mb=5, sides_px=(256, 4096), tool=pictures.cut_out, seconds=10),
    # Three that no declaration is for.
    "wan/2-7-image": Model(
        provider="Alibaba", fields={
            "prompt": text(5000), "input_urls": urls(9),
            "aspect_ratio": words("1:1 16:9 4:3 21:9 3:4 9:16 8:1 1:8", "1:1"),
            "n": whole(1, 4, 4), "resolution": words("1K 2K 4K", "2K"), "seed": SEED,
            "watermark": switch(default=False), **SAFE},
        credits=4.8, times="n", picture="input_urls", seconds=12),
    "wan/3-0-video": Model(
        provider="Alibaba", vague="duration", fields={
            "prompt": text(20_000), "first_frame_url": URL,
            "resolution": words("480P 720P 1080P", "1080P"),
            "aspect_ratio": words("adaptive 16:9 4:3 1:1 3:4 9:16", "adaptive"),
            "duration": whole(2, 30, 5), "audio": switch(default=True), "seed": SEED, **SAFE},
        credits={"480P": 8, "720P": 16, "1080P": 32}, by="resolution", times="duration",
        picture="first_frame_url", seconds=89),
    "grok-imagine-image-2-0/text-to-image": Model(
        provider="Grok", required="prompt aspect_ratio", credits=4, has_document=False, fields={
            "prompt": text(5000), "aspect_ratio": words("2:3 3:2 1:1 16:9 9:16")}),
}
# fmt: on
