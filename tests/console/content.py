"""What the console's test library holds: short videos as a Douyin-like platform has them, with what was understood."""

from __future__ import annotations

from dataclasses import dataclass

Tag = tuple[str, str, float, str]
"""English, Chinese, confidence, ids of the evidence it cites, separated by spaces."""


@dataclass(frozen=True, slots=True)
class Content:
    """One video. Lines are (id, start, end, text); labels are slugs with a confidence and what they cite."""

    clip: str
    title: str
    creator: str
    language: str
    lines: tuple[tuple[str, float, float, str], ...]
    tags: tuple[Tag, ...]
    topic: tuple[str, float, str]
    mood: tuple[str, float, str]
    occasion: tuple[str, float, str]
    summary: tuple[str, str]
    why: tuple[str, str]


LIBRARY = (
    Content(
        "kitten-sofa.mp4",
        "小猫第一次上沙发",
        "喵星日记",
        "zh",
        (
            ("M1", 0, 9, "小猫第一次上沙发"),
            ("F1", 0.5, 5, "kitten (小猫), sofa (沙发)"),
            ("F2", 5, 9, "tabby cat (虎斑猫)"),
            ("S1", 1.0, 3.2, "快看，它又爬上来了"),
            ("S2", 3.6, 6.0, "一上沙发就打瞌睡"),
            ("A1", 0, 9, "soft music, little speech"),
        ),
        (
            ("kitten", "小猫", 0.91, "F1 S1 M1"),
            ("sofa", "沙发", 0.83, "F1 S2 M1"),
            ("tabby cat", "虎斑猫", 0.46, "F2"),
            ("nap", "打瞌睡", 0.62, "S2"),
        ),
        ("cats", 0.88, "F1 M1"),
        ("healing", 0.74, "A1 F1"),
        ("bedtime", 0.52, "A1"),
        ("A kitten climbs on a sofa and dozes off.", "小猫爬上沙发，没一会儿就打起了瞌睡。"),
        ("Good before sleep: calm, with a sleepy kitten.", "睡前看很合适：安静，还有一只犯困的小猫。"),
    ),
    Content(
        "wildlife-montage.mp4",
        "Wild animals in ten seconds",
        "naturecut",
        "en",
        (
            ("M1", 0, 10, "Wild animals in ten seconds"),
            ("F1", 0.4, 3, "fox (狐狸)"),
            ("F2", 3, 6, "elk (麋鹿)"),
            ("F3", 6, 10, "owl (猫头鹰), forest (森林)"),
            ("A1", 0, 10, "orchestral music"),
        ),
        (
            ("wildlife", "野生动物", 0.86, "M1 F1"),
            ("fox", "狐狸", 0.58, "F1"),
            ("forest", "森林", 0.66, "F3"),
            ("elk", "麋鹿", 0.34, "F2"),
        ),
        ("mammals", 0.81, "F1 M1"),
        ("awe", 0.57, "A1 F3"),
        ("break", 0.44, "M1"),
        ("A montage of foxes, elk and owls in the wild.", "狐狸、麋鹿与猫头鹰的野外集锦。"),
        ("A breath of forest in a short break.", "休息片刻，感受一下森林的气息。"),
    ),
    Content(
        "dress-shop-zh.mp4",
        "这条裙子真的显瘦",
        "小雅穿搭",
        "zh",
        (
            ("M1", 0, 12, "这条裙子真的显瘦"),
            ("S1", 0.6, 4, "这条裙子真的很显瘦，姐妹们看这里"),
            ("T1", 2, 8, "限时优惠 99 元"),
            ("F1", 1, 6, "dress (连衣裙)"),
            ("F2", 6, 12, "clothing store (服装店)"),
        ),
        (
            ("dress", "连衣裙", 0.88, "F1 S1 M1"),
            ("outfit", "穿搭", 0.71, "S1"),
            ("discount", "限时优惠", 0.63, "T1"),
            ("shopping", "购物", 0.38, "F2"),
        ),
        ("outfits", 0.77, "S1 F1"),
        ("exciting", 0.41, "S1"),
        ("break", 0.36, "M1"),
        ("A saleswoman shows a slimming dress and names a discount.", "店主展示一条显瘦的连衣裙，并介绍限时优惠。"),
        ("For anyone looking for a dress for less than 100 yuan.", "想找百元以内连衣裙的可以看看。"),
    ),
    Content(
        "sheep-cartoon-zh.mp4",
        "懒羊羊又在偷懒",
        "童趣剪辑",
        "zh",
        (
            ("M1", 0, 10, "懒羊羊又在偷懒"),
            ("S1", 0.8, 4.4, "哎呀，又让我去割草"),
            ("F1", 0.4, 9, "cartoon (动画片), sheep (羊)"),
            ("T1", 0, 9, "童趣剪辑"),
        ),
        (("cartoon", "动画片", 0.9, "F1"), ("sheep", "羊", 0.72, "F1"), ("lazy", "偷懒", 0.55, "M1")),
        ("cartoon-3d-film", 0.84, "F1"),
        ("funny", 0.69, "S1 M1"),
        ("with-kids", 0.66, "F1"),
        ("A cartoon sheep complains that it has to cut grass.", "动画里的小羊抱怨又要去割草。"),
        ("Something to laugh about with children.", "适合和孩子一起笑一笑。"),
    ),
    Content(
        "ipod-keynote.mp4",
        "The pocket that nobody understood",
        "keynotes",
        "en",
        (
            ("M1", 0, 17, "The pocket that nobody understood"),
            ("S1", 0.2, 3.6, "anyone know what this pocket is for"),
            ("S2", 4, 7.4, "I've always wondered that"),
            ("S3", 8, 13, "well now we know because this is the new iPod nano"),
            ("T1", 0, 14, "EVAN CARMICHAEL"),
            ("F1", 1, 16, "stage (舞台), jean (牛仔裤)"),
        ),
        (
            ("keynote", "发布会", 0.67, "S3 F1"),
            ("iPod nano", "iPod nano", 0.85, "S3"),
            ("jeans pocket", "牛仔裤口袋", 0.59, "S1 F1"),
        ),
        ("product-launch", 0.79, "S3"),
        ("inspiring", 0.52, "S3"),
        ("commute", 0.41, "M1"),
        (
            "A man on a stage asks what the small pocket is for, and takes out a player.",
            "台上的人问小口袋有什么用，然后掏出一台播放器。",
        ),
        ("The best product joke of its time, in 17 seconds.", "17 秒看完那个时代最妙的产品包袱。"),
    ),
    Content(
        "tai-chi-news.mp4",
        "Tai chi in the park",
        "francetv",
        "fr",
        (
            ("M1", 0, 24, "Tai chi in the park"),
            ("T1", 2, 12, "TAI-CHI-CHUAN : L'ECOLE DU BIEN-ETRE"),
            ("F1", 1, 20, "park (公园)"),
            ("A1", 0, 24, "mostly speech"),
        ),
        (("tai chi", "太极拳", 0.9, "T1 M1"), ("park", "公园", 0.64, "F1"), ("well-being", "养生", 0.49, "T1")),
        ("tai-chi-qigong", 0.74, "T1"),
        ("relaxing", 0.61, "F1"),
        ("workout", 0.58, "T1"),
        ("People practise tai chi among bare trees.", "一群人在光秃的树林间练太极。"),
        ("Slow movement for the morning.", "清晨里的慢动作。"),
    ),
    Content(
        "woodworking.mp4",
        "Sanding an oak board by hand",
        "workshop42",
        "en",
        (
            ("M1", 0, 14, "Sanding an oak board by hand"),
            ("F1", 1, 13, "workshop (车间), plane (刨子)"),
            ("T1", 0, 14, "shutterstock"),
        ),
        (
            ("woodworking", "木工", 0.82, "M1 F1"),
            ("workshop", "车间", 0.6, "F1"),
            ("stock footage", "素材", 0.31, "T1"),
        ),
        ("woodworking-metal", 0.8, "F1 M1"),
        ("relaxing", 0.47, "F1"),
        ("weekend-trip", 0.21, "M1"),
        ("A woman inspects the surface of a wooden board.", "一位女士检查木板的表面。"),
        ("For people who like to watch careful hands.", "喜欢看手艺活的人会喜欢。"),
    ),
    Content(
        "space-telescope.mp4",
        "A telescope opens in space",
        "orbit",
        "en",
        (
            ("M1", 0, 12, "A telescope opens in space"),
            ("F1", 1, 11, "space (太空), radio telescope (射电望远镜)"),
            ("A1", 0, 12, "slow synthesizer music"),
        ),
        (("telescope", "望远镜", 0.87, "F1 M1"), ("space", "太空", 0.84, "F1"), ("synthesizer", "合成器", 0.29, "A1")),
        ("space-astronomy", 0.86, "F1"),
        ("awe", 0.71, "A1 F1"),
        ("bedtime", 0.39, "A1"),
        ("A space telescope unfolds over the earth.", "太空望远镜在地球上空展开。"),
        ("Quiet, vast and beautiful.", "安静、辽阔、壮美。"),
    ),
    Content(
        "hair-braiding.mp4",
        "三分钟编发教程",
        "发型师阿May",
        "zh",
        (
            ("M1", 0, 15, "三分钟编发教程"),
            ("S1", 0.5, 5, "先分成三股，再往里收一点"),
            ("F1", 1, 14, "hair (头发), hand (手)"),
        ),
        (("braid", "编发", 0.86, "M1 S1"), ("tutorial", "教程", 0.79, "M1"), ("hand", "手", 0.27, "F1")),
        ("hairstyle", 0.83, "M1"),
        ("relaxing", 0.35, "F1"),
        ("break", 0.31, "M1"),
        ("A hairdresser shows how to braid hair in three strands.", "发型师演示三股编发。"),
        ("A braid that takes three minutes.", "三分钟就能学会的编发。"),
    ),
    Content(
        "bangkok-traffic.mp4",
        "Bangkok at rush hour",
        "streetfilm",
        "en",
        (
            ("M1", 0, 12, "Bangkok at rush hour"),
            ("F1", 1, 11, "traffic (车流), taxi (出租车)"),
            ("A1", 0, 12, "engines, no music"),
        ),
        (("traffic", "车流", 0.85, "F1 A1"), ("Bangkok", "曼谷", 0.8, "M1"), ("taxi", "出租车", 0.53, "F1")),
        ("traffic-dashcam", 0.66, "M1 F1"),
        ("exciting", 0.33, "A1"),
        ("commute", 0.48, "M1"),
        ("Cars and motorcycles fill a street in Bangkok.", "曼谷街头挤满了汽车和摩托。"),
        ("To feel a city far away on the way to work.", "上班路上感受远方的城市。"),
    ),
    Content(
        "birthday-call.mp4",
        "隔着屏幕过生日",
        "小满",
        "zh",
        (
            ("M1", 0, 16, "隔着屏幕过生日"),
            ("F1", 1, 15, "birthday cake (生日蛋糕), laptop (笔记本电脑)"),
            ("T1", 0, 16, "shutterstock"),
        ),
        (
            ("birthday", "生日", 0.89, "M1 F1"),
            ("video call", "视频通话", 0.57, "F1"),
            ("laptop", "笔记本电脑", 0.62, "F1"),
        ),
        ("birthdays-weddings", 0.6, "M1"),
        ("moving", 0.49, "M1"),
        ("party", 0.64, "F1"),
        ("A young man celebrates his birthday in a video call.", "年轻人通过视频通话庆祝生日。"),
        ("For those who are far from home.", "送给离家在外的人。"),
    ),
    Content(
        "quesadillas.webm",
        "Quesadillas in one pan",
        "dinnerfast",
        "en",
        (
            ("M1", 0, 14, "Quesadillas in one pan"),
            ("S1", 1, 5, "flip it once the cheese has melted"),
            ("F1", 1, 13, "frying pan (煎锅), tortilla (玉米饼)"),
        ),
        (("quesadilla", "墨西哥薄饼", 0.87, "M1"), ("frying pan", "煎锅", 0.68, "F1"), ("cheese", "奶酪", 0.74, "S1")),
        ("home-cooking", 0.85, "S1 F1"),
        ("relaxing", 0.42, "F1"),
        ("meal", 0.76, "S1"),
        ("A cook fries quesadillas and flips them.", "厨师煎墨西哥薄饼并翻面。"),
        ("Dinner in ten minutes.", "十分钟搞定晚餐。"),
    ),
)
