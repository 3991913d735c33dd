"""Other languages than English: which one it is, a polite sentence in it, and the few plain questions read anyway.

Nothing said in another language changes anything: what is read becomes one of four fixed questions, with a name in it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

_MANY_LETTERS = 0.4
_MARKS = " ?!.\u3002\u00bf"
_NAME = r"(?P<name>[a-z][a-z0-9_-]{1,40})"


@dataclass(frozen=True)
class Language:
    """words: what it does not share with English. status, kpis: regular expressions before a name; models, help: whole
    questions. between: what may stand before or behind the name.
    """

    name: str
    sorry: str
    words: frozenset[str] = frozenset()
    status: str = ""
    kpis: str = ""
    models: str = ""
    help: str = ""
    between: str = ""


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


GERMAN = Language(
    "German",
    "Entschuldigung, ich verstehe bisher nur Englisch. Es wurde nichts gestartet.",
    _words(
        "bitte das der den dem ein eine einen wie ist und auf nicht mit für von vom zum zur zeig zeige mir uns "
        "haben wir ich du dir euch ihnen "
        "welche welches läuft geht es sich kannst kann könntest soll sollen wird werden zurück zurückrollen "
        "bereitstellen "
        "genehmige genehmigen starte stoppe lösche jetzt modell modelle danke warum wann gibt heute "
        "gestern letzte woche"
    ),
    status=r"(?:wie (?:geht(?:'s| es)?|läuft|steht es um|ist der (?:stand|status|zustand) (?:von|vom))|"
    r"(?:der )?(?:status|stand|zustand)(?: von| vom| des)?|was macht)",
    kpis=r"(?:(?:zeige? (?:mir |uns )?)?(?:die )?(?:kpis|kennzahlen)(?: von| vom| für)?)",
    models=r"(?:zeige? (?:mir )?)?(?:welche|alle|unsere|die) modelle(?: (?:haben wir|gibt es|laufen))?",
    help=r"hilfe|was kannst du(?: alles)?(?: tun)?",
    between=r"dem|der|das|die|den|unser|unserem|modell|bitte|mir|gerade|jetzt|heute|denn|so",
)  # fmt: skip
FRENCH = Language(
    "French",
    "Désolé, je ne comprends que l'anglais pour l'instant. Rien n'a été lancé.",
    _words(
        "le les une des du est sur avec toi ça pour vous nous je tu quel quels quelle quelles montre montrez "
        "moi modèle modèles déployer "
        "déploie déployez fais faites s'il plaît te plaît la de et dans que qui pas ne comment va merci arrête "
        "lance approuve annule "
        "version cette semaine hier aujourd'hui maintenant l'état état c'est qu'est"
    ) - {"version"},
    status=(
        r"(?:comment (?:va|se porte|marche)|quel est (?:l'état|le statut) (?:de|du)|(?:l')?(?:état|statut) "
        r"(?:de|du))"
    ),
    kpis=r"(?:(?:montre(?:z)?[- ](?:moi |nous )?)?(?:les )?(?:kpis?|indicateurs) (?:de|du|pour))",
    models=r"(?:quels|montre(?:z)?[- ]moi les|tous les) modèles(?: (?:avons[- ]nous|avez[- ]vous|y a[- ]t[- ]il))?",
    help=r"aide|(?:que|qu'est-ce que) (?:peux[- ]tu|tu peux|sais[- ]tu|tu sais)(?: faire)?",
    between=r"le|la|les|modèle|stp|svp|s'il te plaît|s'il vous plaît|aujourd'hui",
)  # fmt: skip
SPANISH = Language(
    "Spanish",
    "Lo siento, por ahora solo entiendo inglés. No se ha iniciado nada.",
    _words(
        "por favor el los las una un como cómo está están y cuál cuáles qué que muestra muéstrame modelo "
        "modelos del de la con hay para "
        "en tenemos despliega desplegar desplegue aprueba cancela reinicia vuelve puedes quiero hoy ayer semana "
        "ahora gracias"
    ),
    status=(
        r"(?:¿?cómo (?:está|va|anda)|como (?:está|esta|va)|(?:el )?estado (?:de|del)|¿?cuál es el estado "
        r"(?:de|del))"
    ),
    kpis=r"(?:(?:muéstrame |muestra )?(?:los )?(?:kpis?|indicadores) (?:de|del|para))",
    models=r"¿?(?:qué|cuáles|muéstrame los) modelos(?: (?:tenemos|hay))?",
    help=r"ayuda|¿?qué puedes hacer",
    between=r"el|la|los|modelo|por favor|hoy|ahora",
)  # fmt: skip
ITALIAN = Language(
    "Italian",
    "Mi dispiace, per ora capisco solo l'inglese. Non è stato avviato nulla.",
    _words(
        "il lo gli che come sono con per mostra mostrami modello modelli distribuisci favore è di del della dei "
        "e un una questo quali "
        "abbiamo stato puoi vorrei approva annulla riavvia adesso oggi ieri settimana grazie non mi"
    ),
    status=r"(?:come (?:va|sta)|(?:lo )?stato (?:di|del)|qual è lo stato (?:di|del))",
    kpis=r"(?:(?:mostrami |mostra )?(?:i )?(?:kpi|indicatori) (?:di|del|per))",
    models=r"(?:quali|mostrami i) modelli(?: (?:abbiamo|ci sono))?",
    help=r"aiuto|(?:che )?cosa (?:puoi|sai) fare",
    between=r"il|lo|la|modello|per favore|oggi|adesso",
)  # fmt: skip
PORTUGUESE = Language(
    "Portuguese",
    "Desculpe, por enquanto só entendo inglês. Nada foi iniciado.",
    _words(
        "os um uma não você mostre modelos implante está como vai por favor do da dos das em para com qual "
        "quais temos que o e de "
        "modelo aprove cancele reinicie volte agora hoje ontem semana obrigado obrigada pode"
    ) - {"do"},
    status=r"(?:como (?:está|vai|anda)|(?:o )?(?:estado|status) (?:de|do|da)|qual é o (?:estado|status) (?:de|do|da))",
    kpis=r"(?:(?:mostre |me mostre )?(?:os )?(?:kpis?|indicadores) (?:de|do|da|para))",
    models=r"(?:quais|que|mostre os) modelos(?: (?:temos|existem|há))?",
    help=r"ajuda|o que (?:você )?(?:pode|sabe) fazer",
    between=r"o|a|modelo|por favor|hoje|agora",
)  # fmt: skip
DUTCH = Language(
    "Dutch",
    "Sorry, ik begrijp voorlopig alleen Engels. Er is niets gestart.",
    _words(
        "het een van wat hoe toon laat zien welke modellen hebben gaat niet voor naar alsjeblieft graag dank je "
        "jij ik wij deze nu "
        "vandaag gisteren terug zet uitrollen kun kunt zijn met en op dat"
    ) - {"op"},
    status=r"(?:hoe (?:gaat het met|staat het met|loopt|is)|(?:de )?(?:status|toestand|stand) van)",
    kpis=r"(?:(?:toon |laat )?(?:de )?(?:kpi's|kpis|cijfers) van)",
    models=r"welke modellen(?: (?:hebben we|zijn er))?",
    help=r"hulp|wat (?:kan|kun) (?:je|jij)(?: doen)?",
    between=r"het|de|model|alsjeblieft|vandaag|nu",
)  # fmt: skip
POLISH = Language(
    "Polish",
    "Przepraszam, na razie rozumiem tylko angielski. Nic nie zostało uruchomione.",
    _words(
        "jak się jest proszę pokaż mi jakie mamy modele model dla w na z i nie czy co to wdróż wdrożyć "
        "zatwierdź anuluj uruchom teraz "
        "dziś wczoraj tydzień dziękuję stan działa ma wersję wersja"
    ) - {"model", "to", "i"},
    status=r"(?:jak (?:się ma|działa)|(?:jaki jest )?(?:stan|status)(?: modelu)?)",
    kpis=r"(?:(?:pokaż (?:mi )?)?(?:kpi|wskaźniki)(?: dla| modelu)?)",
    models=r"(?:jakie|pokaż) (?:mamy )?modele(?: mamy)?",
    help=r"pomoc|co (?:potrafisz|umiesz)",
    between=r"model|modelu|proszę|teraz|dziś",
)  # fmt: skip
TURKISH = Language(
    "Turkish",
    "Üzgünüm, şimdilik yalnızca İngilizce anlıyorum. Hiçbir şey başlatılmadı.",
    _words(
        "lütfen nasıl bir ve bu için ile ne hangi modeller modeli var mı mi göster bana dağıt yayınla onayla "
        "iptal başlat durdur şimdi "
        "bugün dün hafta teşekkürler durumu değil misin sürümünü et"
    ) - {"mi", "et"},
    help=r"yardım|ne(?:ler)? yapabilirsin",
    models=r"hangi modeller(?:imiz)? var",
    between=r"modeli|lütfen|nasıl|durumu|ne durumda|bugün|şu an",
)  # fmt: skip
RUSSIAN = Language(
    "Russian",
    "Извините, пока я понимаю только по-английски. Ничего не запущено.",
    status=r"(?:как (?:дела у|там|работает)|(?:покажи )?(?:статус|состояние)(?: модели)?)",
    kpis=r"(?:(?:покажи )?(?:kpi|показатели)(?: модели| для)?)",
    models=r"какие (?:у нас )?(?:есть )?модели(?: есть| у нас)?",
    help=r"помощь|что ты умеешь(?: делать)?",
    between=r"модель|модели|пожалуйста|сейчас",
)
JAPANESE = Language(
    "Japanese",
    "申し訳ありません、今のところ英語しか理解できません。何も開始していません。",
    help=r"ヘルプ|何ができますか",
    models=r"(?:どんな)?モデル(?:がありますか|の?一覧)",
    between=r"の(?:状態|ステータス|調子)(?:は|を教えて(?:ください)?|はどう(?:ですか)?)?",
)
CHINESE = Language(
    "Chinese",
    "抱歉,我目前只懂英文。没有启动任何操作。",
    help=r"帮助|你能做什么",
    models=r"(?:我们)?有哪些模型",
    between=r"的?(?:状态|情况|怎么样|如何|怎样)",
)
OTHER = Language("another language", "")
_LATIN = (GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, TURKISH)
_ALL = (*_LATIN, RUSSIAN, JAPANESE, CHINESE)
_ENGLISH = _words(
    "the is are of to for and how what which who why when show please did does can could you we our my it this "
    "that last with "
    "deploy back every a an on in at by from has have was were be been i me us if or not but there their should "
    "would will do "
    "roll approve reject cancel retrain pause resume scale freeze send run help your all new"
)
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def detect(text: str) -> Language | None:
    """The language of `text` when it is not English; None when it is, or when too short to tell."""
    letters = [char for char in text if char.isalpha()]
    scripts = [unicodedata.name(char, "").split(" ", 1)[0] for char in letters] if not text.isascii() else []
    foreign = sum(script != "LATIN" for script in scripts)
    if foreign > _MANY_LETTERS * len(letters) or (foreign and not _plain_ascii(text)):
        return _of_script(set(scripts))
    words = _WORD.findall(text.lower())
    if not words:
        return None
    english = sum(word in _ENGLISH for word in words)
    counts = [(sum(word in language.words for word in words), language) for language in _LATIN]
    best, language = max(counts, key=lambda count: count[0])
    return language if best >= 2 and best > english else None


def _plain_ascii(text: str) -> bool:
    """Whether some English words stand between the others."""
    return any(word in _ENGLISH for word in _WORD.findall(text.lower()))


def _of_script(scripts: set[str]) -> Language:
    if scripts & {"HIRAGANA", "KATAKANA"}:
        return JAPANESE
    if "CJK" in scripts:
        return CHINESE
    return RUSSIAN if "CYRILLIC" in scripts else OTHER


def plain_question(text: str) -> str | None:
    """What is asked in another language, in English: "status churn", "kpis churn", "models" or "help"; None for all
    else.
    """
    said = re.sub(r"\s+", " ", text.lower()).strip(_MARKS)
    for language, kind, pattern in _QUESTIONS:
        if m := pattern.fullmatch(said):
            english = f"{kind} {m['name']}" if kind in {"status", "kpis"} else kind
            return None if english == said or english.split()[-1] in language.words else english
    return None


def _questions() -> list[tuple[Language, str, re.Pattern[str]]]:
    found = []
    for language in _ALL:
        aside = rf"(?:(?:^|\s)?(?:{language.between})(?=\s|$))*"
        for kind, said in (("status", language.status), ("kpis", language.kpis)):
            if said:
                found.append((language, kind, re.compile(rf"{said}{aside}\s{_NAME}(?:[\s-]?(?:{language.between}))*")))
        if language in (JAPANESE, CHINESE, TURKISH):
            found.append((language, "status", re.compile(rf"{_NAME}\s?(?:\s?(?:{language.between}))+")))
        for kind, said in (("models", language.models), ("help", language.help)):
            found.append((language, kind, re.compile(rf"(?:{said}){aside}")))
    return found


_QUESTIONS = _questions()
