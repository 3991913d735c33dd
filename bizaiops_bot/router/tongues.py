"""The other languages than English that the bot can tell, say sorry in, and read the plainest words of."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Language:
    """words: what it does not share with English. status, kpis: regular expressions before a name; models, help: whole
    questions. between: what may stand before or behind the name. orders: (what is said, how it begins in English, ""
    for what the bot does not do); "..." stands for the name between two words. spans: (what is said, a span of time).
    """

    name: str
    sorry: str
    words: frozenset[str] = frozenset()
    status: str = ""
    kpis: str = ""
    models: str = ""
    help: str = ""
    between: str = ""
    orders: tuple[tuple[str, str], ...] = ()
    spans: tuple[tuple[str, str], ...] = ()


def _words(said: str) -> frozenset[str]:
    return frozenset(said.split())


GERMAN = Language(
    "German",
    "Entschuldigung, das verstehe ich bisher nur auf Englisch. Es wurde nichts gestartet.",
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
    orders=(
        (
            "rolle?n? ... zurück|zurückrollen|zurueckrollen|"
            "setze?n? ... zurück|zurücksetzen|mach(?:e|en)? ... rückgängig",
            "roll back",
        ),
        ("(?:starte?n?|starten) ... neu|neu ?starten|neustarten", "restart"),
        (
            "deploy(?:e|en|t)|veröffentlichen?|bereitstellen|"
            "stelle? ... bereit|ausrollen|rolle? ... aus|bringe? ... live",
            "deploy",
        ),
        ("(?:trainiere?n?) ... neu|trainieren?|neu trainieren|nachtrainieren", "retrain"),
        ("setze? ... fort|fortsetzen|starten?|reaktivieren?|fahre? ... hoch|hochfahren", "resume"),
        (
            "pausieren?|stoppen?|halte? ... an|anhalten|"
            "schalte? ... (?:ab|aus)|abschalten|ausschalten|fahre? ... (?:herunter|runter)",
            "pause",
        ),
        ("brich ... ab|breche ... ab|abbrechen|stornieren?", "cancel"),
        ("genehmigen?|freigeben|gib ... frei", "approve"),
        ("lehne? ... ab|ablehnen", "reject"),
        ("skalieren?", "scale"),
        ("vergleichen?", "compare"),
        ("friere? ... ein|einfrieren", "freeze"),
        ("löschen?|loeschen?|entfernen?", ""),
    ),
    spans=(
        ("heute", "today"),
        ("gestern", "yesterday"),
        ("(?:diese|dieser|in dieser) woche", "this week"),
        ("(?:letzte|letzter|letzten|vergangene|vorige) woche", "last week"),
        ("(?:diesen|dieser|diesem) monat", "this month"),
        ("(?:letzten|letzter|letztem|vergangenen|vorigen) monat", "last month"),
        ("(?:letzte|letzten|vergangenen) (?P<n>\\d{1,3}) tagen?", "last {n} days"),
    ),
)
FRENCH = Language(
    "French",
    "Désolé, cela, je ne le comprends pour l'instant qu'en anglais. Rien n'a été lancé.",
    _words(
        "le les une des du est sur avec toi ça pour vous nous je tu quel quels quelle quelles montre montrez "
        "moi modèle modèles déployer "
        "déploie déployez fais faites s'il plaît te plaît la de et dans que qui pas ne comment va merci arrête "
        "lance approuve annule "
        "version cette semaine hier aujourd'hui maintenant l'état état c'est qu'est"
    )
    - {"version"},
    status=(
        r"(?:comment (?:va|se porte|marche)|quel est (?:l'état|le statut) (?:de|du)|(?:l')?(?:état|statut) "
        r"(?:de|du))"
    ),
    kpis=r"(?:(?:montre(?:z)?[- ](?:moi |nous )?)?(?:les )?(?:kpis?|indicateurs) (?:de|du|pour))",
    models=r"(?:quels|montre(?:z)?[- ]moi les|tous les) modèles(?: (?:avons[- ]nous|avez[- ]vous|y a[- ]t[- ]il))?",
    help=r"aide|(?:que|qu'est-ce que) (?:peux[- ]tu|tu peux|sais[- ]tu|tu sais)(?: faire)?",
    between=r"le|la|les|modèle|stp|svp|s'il te plaît|s'il vous plaît|aujourd'hui",
    orders=(
        ("reviens|revenir|restaurer?|annule (?:le )?déploiement", "roll back"),
        ("redémarrez?|redemarrez?|redémarrer", "restart"),
        ("d[ée]ploi(?:e|es)|d[ée]ployez|d[ée]ployer|mets ... en prod(?:uction)?", "deploy"),
        ("r[ée]?entra[iî]n(?:e|ez|er)|entra[iî]n(?:e|ez|er)", "retrain"),
        ("reprends|reprendre|reprenez|relancez?|réactivez?", "resume"),
        ("arr[êe]t(?:e|ez|er)|stoppez?|stopper|suspends|suspendre|mets ... en pause", "pause"),
        ("annulez?|annuler", "cancel"),
        ("approuvez?|approuver|validez", "approve"),
        ("rejett(?:e|es)|rejetez|rejeter", "reject"),
        ("g[èe]l(?:e|ez|er)", "freeze"),
        ("comparez|comparer", "compare"),
        ("supprim(?:e|ez|er)|effac(?:e|ez|er)", ""),
    ),
    spans=(
        ("aujourd'hui", "today"),
        ("hier", "yesterday"),
        ("cette semaine", "this week"),
        ("(?:la )?semaine (?:dernière|derniere|passée)", "last week"),
        ("ce mois(?:-ci)?", "this month"),
        ("(?:le )?mois (?:dernier|passé)", "last month"),
        ("(?:les )?(?P<n>\\d{1,3}) derniers jours", "last {n} days"),
    ),
)
SPANISH = Language(
    "Spanish",
    "Lo siento, eso por ahora solo lo entiendo en inglés. No se ha iniciado nada.",
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
    orders=(
        ("revierte|revertir|vuelve atr[áa]s|retrocede|deshaz", "roll back"),
        ("reinicia|reiniciar", "restart"),
        ("despliega|desplegar|despliegue|lanza", "deploy"),
        ("re-?entrena|re-?entrenar|entrena", "retrain"),
        ("reanuda|reanudar|reactiva|reactivar", "resume"),
        ("det[ée]n|detener|pausa|pausar|suspende|suspender|pon ... en pausa|^para", "pause"),
        ("cancela", "cancel"),
        ("aprueba|aprobar", "approve"),
        ("rechaza|rechazar", "reject"),
        ("escala|escalar", "scale"),
        ("congela|congelar", "freeze"),
        ("borra|borrar|elimina|eliminar", ""),
    ),
    spans=(
        ("hoy", "today"),
        ("ayer", "yesterday"),
        ("esta semana", "this week"),
        ("(?:la )?(?:semana pasada|última semana)", "last week"),
        ("este mes", "this month"),
        ("(?:el )?(?:mes pasado|último mes)", "last month"),
        ("(?:los )?últimos (?P<n>\\d{1,3}) días", "last {n} days"),
    ),
)
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
    orders=(
        ("ripristina|torna indietro", "roll back"),
        ("riavvia", "restart"),
        ("distribuisci|rilascia", "deploy"),
        ("riaddestra|addestra", "retrain"),
        ("riprendi|riattiva", "resume"),
        ("ferma|sospendi|metti ... in pausa", "pause"),
        ("annulla", "cancel"),
        ("approva", "approve"),
        ("rifiuta", "reject"),
        ("elimina|cancella", ""),
    ),
    spans=(
        ("oggi", "today"),
        ("ieri", "yesterday"),
        ("questa settimana", "this week"),
        ("(?:la )?(?:settimana scorsa|scorsa settimana)", "last week"),
        ("questo mese", "this month"),
        ("(?:il )?(?:mese scorso|scorso mese)", "last month"),
    ),
)
PORTUGUESE = Language(
    "Portuguese",
    "Desculpe, por enquanto só entendo inglês. Nada foi iniciado.",
    _words(
        "os um uma não você mostre modelos implante está como vai por favor do da dos das em para com qual "
        "quais temos que o e de "
        "modelo aprove cancele reinicie volte agora hoje ontem semana obrigado obrigada pode"
    )
    - {"do"},
    status=r"(?:como (?:está|vai|anda)|(?:o )?(?:estado|status) (?:de|do|da)|qual é o (?:estado|status) (?:de|do|da))",
    kpis=r"(?:(?:mostre |me mostre )?(?:os )?(?:kpis?|indicadores) (?:de|do|da|para))",
    models=r"(?:quais|que|mostre os) modelos(?: (?:temos|existem|há))?",
    help=r"ajuda|o que (?:você )?(?:pode|sabe) fazer",
    between=r"o|a|modelo|por favor|hoje|agora",
    orders=(
        ("reverta|reverte|desfaça", "roll back"),
        ("reinicie", "restart"),
        ("implante|implanta|publique", "deploy"),
        ("retreine|treine", "retrain"),
        ("retome", "resume"),
        ("pare|suspenda", "pause"),
        ("cancele", "cancel"),
        (r"aprove(?! (?:run|it|this|that|the|please)\b)", "approve"),
        ("rejeite", "reject"),
        ("exclua|apague", ""),
    ),
    spans=(
        ("hoje", "today"),
        ("ontem", "yesterday"),
        ("esta semana", "this week"),
        ("(?:a )?semana passada", "last week"),
        ("este mês", "this month"),
        ("(?:o )?mês passado", "last month"),
    ),
)
DUTCH = Language(
    "Dutch",
    "Sorry, ik begrijp voorlopig alleen Engels. Er is niets gestart.",
    _words(
        "het een van wat hoe toon laat zien welke modellen hebben gaat niet voor naar alsjeblieft graag dank je "
        "jij ik wij deze nu "
        "vandaag gisteren terug zet uitrollen kun kunt zijn met en op dat"
    )
    - {"op"},
    status=r"(?:hoe (?:gaat het met|staat het met|loopt|is)|(?:de )?(?:status|toestand|stand) van)",
    kpis=r"(?:(?:toon |laat )?(?:de )?(?:kpi's|kpis|cijfers) van)",
    models=r"welke modellen(?: (?:hebben we|zijn er))?",
    help=r"hulp|wat (?:kan|kun) (?:je|jij)(?: doen)?",
    between=r"het|de|model|alsjeblieft|vandaag|nu",
    orders=(
        ("rol ... terug|terugrollen|draai ... terug|terugdraaien", "roll back"),
        ("herstart", "restart"),
        ("rol ... uit|uitrollen|zet ... live", "deploy"),
        ("hertrain", "retrain"),
        ("hervat", "resume"),
        ("pauzeer|zet ... (?:stil|uit)", "pause"),
        ("annuleer", "cancel"),
        ("keur ... goed", "approve"),
        ("keur ... af|wijs ... af", "reject"),
        ("verwijder", ""),
    ),
    spans=(
        ("vandaag", "today"),
        ("gisteren", "yesterday"),
        ("deze week", "this week"),
        ("vorige week", "last week"),
        ("deze maand", "this month"),
        ("vorige maand", "last month"),
    ),
)
POLISH = Language(
    "Polish",
    "Przepraszam, na razie rozumiem tylko angielski. Nic nie zostało uruchomione.",
    _words(
        "jak się jest proszę pokaż mi jakie mamy modele model dla w na z i nie czy co to wdróż wdrożyć "
        "zatwierdź anuluj uruchom teraz "
        "dziś wczoraj tydzień dziękuję stan działa ma wersję wersja"
    )
    - {"model", "to", "i"},
    status=r"(?:jak (?:się ma|działa)|(?:jaki jest )?(?:stan|status)(?: modelu)?)",
    kpis=r"(?:(?:pokaż (?:mi )?)?(?:kpi|wskaźniki)(?: dla| modelu)?)",
    models=r"(?:jakie|pokaż) (?:mamy )?modele(?: mamy)?",
    help=r"pomoc|co (?:potrafisz|umiesz)",
    between=r"model|modelu|proszę|teraz|dziś",
)
TURKISH = Language(
    "Turkish",
    "Üzgünüm, şimdilik yalnızca İngilizce anlıyorum. Hiçbir şey başlatılmadı.",
    _words(
        "lütfen nasıl bir ve bu için ile ne hangi modeller modeli var mı mi göster bana dağıt yayınla onayla "
        "iptal başlat durdur şimdi "
        "bugün dün hafta teşekkürler durumu değil misin sürümünü et"
    )
    - {"mi", "et"},
    help=r"yardım|ne(?:ler)? yapabilirsin",
    models=r"hangi modeller(?:imiz)? var",
    between=r"modeli|lütfen|nasıl|durumu|ne durumda|bugün|şu an",
)
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
LATIN = (GERMAN, FRENCH, SPANISH, ITALIAN, PORTUGUESE, DUTCH, POLISH, TURKISH)
ALL = (*LATIN, RUSSIAN, JAPANESE, CHINESE)
