"""Which options are closed to people, by the names that KIE's models have for them."""

import pytest

from bot.prompts.closed_options import closed_in, is_closed

CLOSED = """
n num count num_images number_of_images max_images images quantity batch batch_size videoBatchSize
repeat samples num_outputs variations
speed Speed rendering_speed turbo fast hd enable_pro upscale upscale_factor
resolution image_resolution size image_size width height duration seconds fps sound audio
prompt multi_prompt image_url imageUrl image-url IMAGEURL image_urls image image_input input
input_image input_urls file file_url fileUrls url mask mask_url first_frame tail_image_url
reference_images video_urls kling_elements base64
callBackUrl webhook webhook_url model taskType task_id
"""
FREE = """
stylize style_raw weird chaos variety version raw tile draft personalize profile sref cref ow iw
image_weight seed style mode quality aspect_ratio cfg_scale guidance_scale num_inference_steps
negative_prompt expand_prompt enhance_prompt nsfw_checker output_format enableTranslation waterMark
strength background motion a b_2
"""


@pytest.mark.parametrize("name", CLOSED.split())
def test_what_could_cost_more_or_replace_something_is_closed(name: str) -> None:
    assert is_closed(name)
    assert not is_closed(name, {name.upper().replace("_", "-")})


@pytest.mark.parametrize("name", FREE.split())
def test_everything_else_is_free(name: str) -> None:
    assert not is_closed(name)


def test_they_are_found_however_deep_they_lie() -> None:
    options = {"weird": 1, "shots": [{"prompt": "x", "of": [{"n": 2}]}, "speed"], "a": "n"}
    assert list(closed_in(options)) == ["prompt", "n"]
