"""One digest that says nearly all the interface can say, in any language, with texts of its own."""

from dataclasses import dataclass, replace

from compose_pieces import body, choice, edition, item, notice, utc

from publisher.content.item import Author, Download, Event, EventState, Kind, Translation

COUNTS = (0, 1, 2, 3, 11, 100)  # minutes; CLDR tells them apart in some language or other


@dataclass(frozen=True, slots=True)
class Texts:
    """What authors wrote in one language."""

    weekly: str  # the digest's title
    titles: tuple[str, str, str]  # a report, an event, news
    summary: str
    place: tuple[str, str, str]
    guide: str


TEXTS = {
    "en": Texts(
        "Weekly digest",
        ("The mayors met in New York", "Summit of cities in Amman", "Six cities join the network"),
        "Mayors of fifty cities agreed on how to prevent hate, and on who pays for it.",
        ("Gracie Mansion", "New York", "United States"),
        "A guide for mayors",
    ),
    "ar": Texts(
        "النشرة الأسبوعية",
        ("رؤساء البلديات يجتمعون في نيويورك", "قمة المدن في عمّان", "ست مدن تنضم إلى الشبكة"),
        "اتفق رؤساء بلديات خمسين مدينة على سبل الوقاية من الكراهية وعلى من يتحمل كلفتها.",
        ("قصر غرايسي", "نيويورك", "الولايات المتحدة"),
        "دليل رؤساء البلديات",
    ),
    "fr": Texts(
        "La lettre de la semaine",
        ("Les maires réunis à New York", "Sommet des villes à Amman", "Six villes de plus"),
        "Les maires de cinquante villes ont convenu de la façon de prévenir la haine.",
        ("Gracie Mansion", "New York", "États-Unis"),
        "Guide à l’usage des maires",
    ),
    "es": Texts(
        "Boletín semanal",
        ("Alcaldes reunidos en Nueva York", "Cumbre en Ammán", "Seis ciudades se suman a la red"),
        "Alcaldes de cincuenta ciudades acordaron cómo prevenir el odio y quién lo paga.",
        ("Gracie Mansion", "Nueva York", "Estados Unidos"),
        "Guía para alcaldes",
    ),
    "he": Texts(
        "העדכון השבועי",
        ("ראשי הערים נפגשו בניו יורק", "פסגת הערים בעמאן", "שש ערים מצטרפות לרשת"),
        "ראשי חמישים ערים הסכימו כיצד למנוע שנאה ומי יממן זאת.",
        ("אחוזת גרייסי", "ניו יורק", "ארצות הברית"),
        "מדריך לראשי ערים",
    ),
    "fa": Texts(
        "خبرنامهٔ هفتگی",
        ("گردهمایی شهرداران در نیویورک", "نشست شهرها در امان", "شش شهر به شبکه پیوستند"),
        "شهرداران پنجاه شهر دربارهٔ راه‌های پیشگیری از نفرت به توافق رسیدند.",
        ("عمارت گریسی", "نیویورک", "ایالات متحده"),
        "راهنمای شهرداران",
    ),
    "de": Texts(
        "Wochenbrief",
        ("Bürgermeister in New York", "Städtegipfel in Amman", "Sechs Städte treten bei"),
        "Fünfzig Städte haben vereinbart, wie sie Hass vorbeugen und wer dafür zahlt.",
        ("Gracie Mansion", "New York", "Vereinigte Staaten"),
        "Leitfaden für Bürgermeisterinnen und Bürgermeister",
    ),
    "pt": Texts(
        "Boletim semanal",
        ("Prefeitos reunidos em Nova York", "Cúpula em Amã", "Seis cidades entram na rede"),
        "Prefeitos de cinquenta cidades definiram como prevenir o ódio e quem paga a conta.",
        ("Gracie Mansion", "Nova York", "Estados Unidos"),
        "Guia para prefeitos",
    ),
    "ru": Texts(
        "Еженедельный обзор",
        ("Мэры встретились в Нью-Йорке", "Саммит городов в Аммане", "Шесть новых городов в сети"),
        "Мэры пятидесяти городов договорились, как предупреждать ненависть.",
        ("Грейси-мэншн", "Нью-Йорк", "США"),
        "Руководство для мэров",
    ),
    "zh": Texts(
        "每周简报",
        ("市长齐聚纽约", "安曼城市峰会", "六座城市加入网络"),
        "五十座城市的市长就如何预防仇恨以及由谁出资达成一致，并通过了一份共同声明。" * 2,
        ("格雷西大厦", "纽约", "美国"),
        "市长指南",
    ),
    "zh-Hant": Texts(
        "每週簡報",
        ("市長齊聚紐約", "安曼城市高峰會", "六座城市加入網絡"),
        "五十座城市的市長就如何預防仇恨以及由誰出資達成一致，並通過了一份共同聲明。" * 2,
        ("葛雷西大廈", "紐約", "美國"),
        "市長指南",
    ),
    "ja": Texts(
        "週刊ダイジェスト",
        ("市長らがニューヨークに集う", "アンマン都市サミット", "六都市がネットワークに加盟"),
        "五十都市の市長が、憎悪をどう防ぎ、その費用を誰が負担するかについて合意しました。" * 2,
        ("グレイシー・マンション", "ニューヨーク", "アメリカ合衆国"),
        "市長のための手引き",
    ),
    "uk": Texts(
        "Щотижневий огляд",
        ("Мери зустрілися в Нью-Йорку", "Саміт міст в Аммані", "Шість нових міст у мережі"),
        "Мери п’ятдесяти міст домовилися, як запобігати ненависті.",
        ("Ґрейсі-меншн", "Нью-Йорк", "США"),
        "Посібник для мерів",
    ),
    "tr": Texts(
        "Haftalık bülten",
        ("Belediye başkanları New York’ta", "Amman’da kent zirvesi", "Altı kent ağa katılıyor"),
        "Elli kentin belediye başkanı, nefretin nasıl önleneceği konusunda anlaştı.",
        ("Gracie Konağı", "New York", "Amerika Birleşik Devletleri"),
        "Belediye başkanları için kılavuz",
    ),
    "it": Texts(
        "Il settimanale",
        ("I sindaci a New York", "Vertice delle città ad Amman", "Sei città entrano nella rete"),
        "I sindaci di cinquanta città hanno deciso come prevenire l’odio e chi paga.",
        ("Gracie Mansion", "New York", "Stati Uniti"),
        "Guida per i sindaci",
    ),
}


def named(settings):
    """Return settings whose digest and site have a name in every language."""
    titles = {language: texts.weekly for language, texts in TEXTS.items()}
    weekly = settings.digests["weekly"].model_copy(update={"title": titles})
    names = {language: f"{texts.place[1]} 24" for language, texts in TEXTS.items()}
    site = settings.site.model_copy(update={"name": names})
    return settings.model_copy(update={"digests": {"weekly": weekly}, "site": site})


def whole(settings, language, **more):
    """Return a digest with all that can stand in one, its items in one language but for two."""
    texts = TEXTS[language]
    other = "en" if language != "en" else "ar"
    report, summit, news = texts.titles
    met = Event(utc("2023-09-19T00:00"), utc("2023-09-21T00:00"), True, *texts.place)
    coming = Event(utc("2026-03-10T06:00"), utc("2026-03-10T14:30"), False, *texts.place)
    coming = replace(coming, url="https://example.org/summit", offset=180)
    gone = replace(met, state=EventState.CANCELLED)

    def one(key, minutes, **facts):
        what = item(key, language, **({"title": news} | facts))
        others = (item(key, other), item(key, "fa"))
        return choice(settings, what, text=body(texts.summary, minutes), others=others)

    announced = item("summit", language, kind=Kind.EVENT, title=summit, event=coming)
    told = item("report", language, kind=Kind.EVENT_REPORT, title=report, event=met)
    first = replace(
        told,
        translation=Translation(other, True, ""),
        video="https://video.example.org/watch/1",
        authors=(Author("Lina Haddad"), Author("عمر سعيد")),
        downloads=(
            Download("https://example.org/g.pdf", texts.guide, "application/pdf", 2_400_000),
            Download("https://example.org/x.csv", texts.guide, "text/csv", 340_000),
        ),
    )
    zero, single, two, three, eleven, hundred = COUNTS
    blocks = [
        choice(
            settings,
            first,
            text=body(texts.summary, three),
            others=(item("report", other), item("report", "fa")),
            related=(announced,),
            pinned=True,
        ),
        choice(
            settings,
            announced,
            text=body(texts.summary, single),
            related=(told,),
            is_return=True,
        ),
        one("a", two),
        one("b", eleven, kind=Kind.ARTICLE),
        one("c", hundred, kind=Kind.ARTICLE, correction=texts.summary),
        one("d", zero, kind=Kind.EVENT, event=gone),
        choice(settings, item("e", other, title=TEXTS[other].titles[2]), is_original=True),
        choice(settings, item("f", other, title=TEXTS[other].titles[2]), fallback=True),
    ]
    moved = item("summit", language, title=summit, event=replace(coming, state=EventState.MOVED))
    corrected = item("c", language, title=news, correction=texts.summary)
    changes = [notice(settings, moved), notice(settings, corrected)]
    return edition(settings, *blocks, language=language, notices=changes, **more)
