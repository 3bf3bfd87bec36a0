"""Films for tests: short, real mp4 files."""

import io

import av


def mp4(
    width: int = 320,
    height: int = 180,
    seconds: float = 1.0,
    *,
    rate: int = 8,
    codec: str = "libx264",
) -> bytes:
    """A film in which something moves."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as film:
        stream = film.add_stream(codec, rate=rate)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(round(seconds * rate)):
            frame = av.VideoFrame(width, height, "yuv420p")
            for plane, shade in zip(frame.planes, (40 + 20 * number % 200, 90, 160), strict=True):
                plane.update(bytes([shade % 256]) * plane.buffer_size)
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    return out.getvalue()
