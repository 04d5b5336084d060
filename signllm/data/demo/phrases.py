"""The words of the demo corpus in seven spoken languages: glosses, and the pieces its sentences are put together from.

Each table row stands in the order of its heading tuple. Verbs have the forms for I, you and he/she; where a negated
verb or object looks different it stands in `negated_verbs` or behind a bar: "ein Buch|kein Buch".
"""

from __future__ import annotations

from dataclasses import dataclass, field

TIMES = ("TODAY", "TOMORROW", "EVENING", "MONDAY", "WEEKEND")
SUBJECTS = ("I", "YOU", "MOTHER", "FATHER", "FRIEND", "TEACHER")
OBJECTS = ("BREAD", "APPLE", "FISH", "SOUP", "COFFEE", "WATER", "BOOK", "NEWSPAPER")
VERBS = ("EAT", "DRINK", "BUY", "READ", "COOK", "GO", "WORK")
PLACES = ("SCHOOL", "HOUSE", "CITY")
WEATHER = ("RAIN", "SNOW", "SUN", "WIND")
REGIONS = ("NORTH", "SOUTH", "MOUNTAIN")
EVERY_CONCEPT = (*TIMES, *SUBJECTS, *OBJECTS, *VERBS, *PLACES, *WEATHER, *REGIONS, "NOT")


def _glosses(words: str) -> dict[str, str]:
    return dict(zip(EVERY_CONCEPT, words.split(), strict=True))


GLOSSES: dict[str, dict[str, str]] = {
    "en": _glosses(" ".join(EVERY_CONCEPT)),
    "de": _glosses(
        "HEUTE MORGEN ABEND MONTAG WOCHENENDE ICH DU MUTTER VATER FREUND LEHRERIN BROT APFEL FISCH SUPPE KAFFEE WASSER"
        " BUCH ZEITUNG ESSEN TRINKEN KAUFEN LESEN KOCHEN GEHEN ARBEITEN SCHULE HAUS STADT REGEN SCHNEE SONNE WIND"
        " NORDEN SUEDEN BERG NICHT"
    ),
    "fr": _glosses(
        "AUJOURD'HUI DEMAIN SOIR LUNDI WEEK-END MOI TOI MÈRE PÈRE AMI ENSEIGNANTE PAIN POMME POISSON SOUPE CAFÉ EAU"
        " LIVRE JOURNAL MANGER BOIRE ACHETER LIRE CUISINER ALLER TRAVAILLER ÉCOLE MAISON VILLE PLUIE NEIGE SOLEIL VENT"
        " NORD SUD MONTAGNE PAS"
    ),
    "it": _glosses(
        "OGGI DOMANI SERA LUNEDÌ FINE-SETTIMANA IO TU MADRE PADRE AMICO MAESTRA PANE MELA PESCE ZUPPA CAFFÈ ACQUA LIBRO"
        " GIORNALE MANGIARE BERE COMPRARE LEGGERE CUCINARE ANDARE LAVORARE SCUOLA CASA CITTÀ PIOGGIA NEVE SOLE VENTO"
        " NORD SUD MONTAGNA NON"
    ),
    "es": _glosses(
        "HOY MAÑANA NOCHE LUNES FIN-DE-SEMANA YO VOS MAMÁ PAPÁ AMIGO MAESTRA PAN MANZANA PESCADO SOPA CAFÉ AGUA LIBRO"
        " DIARIO COMER TOMAR COMPRAR LEER COCINAR IR TRABAJAR ESCUELA CASA CIUDAD LLUVIA NIEVE SOL VIENTO NORTE SUR"
        " MONTAÑA NO"
    ),
    "ko": _glosses(
        "오늘 내일 저녁 월요일 주말 나 당신 어머니 아버지 친구 선생님 빵 사과 생선 수프 커피 물 책 신문 먹다"
        " 마시다 사다 읽다 요리하다 가다 일하다 학교 집 시내 비 눈 해 바람 북쪽 남쪽 산 아니다"
    ),
    "tr": _glosses(
        "BUGÜN YARIN AKŞAM PAZARTESİ HAFTA-SONU BEN SEN ANNE BABA ARKADAŞ ÖĞRETMEN EKMEK ELMA BALIK ÇORBA KAHVE SU"
        " KİTAP GAZETE YEMEK İÇMEK ALMAK OKUMAK PİŞİRMEK GİTMEK ÇALIŞMAK OKUL EV ŞEHİR YAĞMUR KAR GÜNEŞ RÜZGAR KUZEY"
        " GÜNEY DAĞ DEĞİL"
    ),
}


@dataclass(frozen=True)
class Phrases:
    """One spoken language. Rows are separated by commas; `plain`, `negated` and `weather_clause` are templates.

    going / working: PLACES after GO and WORK. verbs: three forms each, separated by '/', in the order of VERBS.
    """

    times: str
    subjects: str
    objects: str
    verbs: str
    going: str
    working: str
    weather: str
    regions: str
    plain: str
    negated: str
    weather_clause: str = "{time} {weather} {region}."
    negated_verbs: str = ""
    elide: dict[str, str] = field(default_factory=dict)


PHRASES: dict[str, Phrases] = {
    "en": Phrases(
        times="Today,Tomorrow,This evening,On Monday,This weekend",
        subjects="I,you,my mother,my father,my friend,the teacher",
        objects="bread,an apple,fish,soup,coffee,water,a book,a newspaper",
        verbs="eat/eat/eat,drink/drink/drink,buy/buy/buy,read/read/read,cook/cook/cook,go/go/go,work/work/work",
        going="to school,home,to the city",
        working="at the school,at home,in the city",
        weather="it will rain,it will snow,it will be sunny,it will be windy",
        regions="in the north,in the south,in the mountains",
        plain="{time} {subject} will {verb} {object}.",
        negated="{time} {subject} will not {verb} {object}.",
    ),
    "de": Phrases(
        times="Heute,Morgen,Heute Abend,Am Montag,Am Wochenende",
        subjects="ich,du,meine Mutter,mein Vater,mein Freund,die Lehrerin",
        objects="Brot|kein Brot,einen Apfel|keinen Apfel,Fisch|keinen Fisch,Suppe|keine Suppe,Kaffee|keinen Kaffee,"
        "Wasser|kein Wasser,ein Buch|kein Buch,eine Zeitung|keine Zeitung",
        verbs="esse/isst/isst,trinke/trinkst/trinkt,kaufe/kaufst/kauft,lese/liest/liest,koche/kochst/kocht,"
        "gehe/gehst/geht,arbeite/arbeitest/arbeitet",
        going="in die Schule|nicht in die Schule,nach Hause|nicht nach Hause,in die Stadt|nicht in die Stadt",
        working="in der Schule|nicht in der Schule,zu Hause|nicht zu Hause,in der Stadt|nicht in der Stadt",
        weather="regnet es,schneit es,ist es sonnig,ist es windig",
        regions="im Norden,im Süden,in den Bergen",
        plain="{time} {verb} {subject} {object}.",
        negated="{time} {verb} {subject} {object}.",
    ),
    "fr": Phrases(
        times="Aujourd'hui,Demain,Ce soir,Lundi,Ce week-end",
        subjects="je,tu,ma mère,mon père,mon ami,l'enseignante",
        objects="du pain|de pain,une pomme|de pomme,du poisson|de poisson,de la soupe|de soupe,du café|de café,"
        "de l'eau|d'eau,un livre|de livre,un journal|de journal",
        verbs="mange/manges/mange,bois/bois/boit,achète/achètes/achète,lis/lis/lit,prépare/prépares/prépare,"
        "vais/vas/va,travaille/travailles/travaille",
        going="à l'école,à la maison,en ville",
        working="à l'école,à la maison,en ville",
        weather="il pleut,il neige,il fait beau,il y a du vent",
        regions="dans le nord,dans le sud,en montagne",
        plain="{time}, {subject} {verb} {object}.",
        negated="{time}, {subject} ne {verb} pas {object}.",
        weather_clause="{time}, {weather} {region}.",
        elide={"je achète": "j'achète", "ne achète": "n'achète"},
    ),
    "it": Phrases(
        times="Oggi,Domani,Stasera,Lunedì,Nel fine settimana",
        subjects=",,mia madre,mio padre,il mio amico,la maestra",
        objects="il pane,una mela,il pesce,la zuppa,il caffè,l'acqua,un libro,il giornale",
        verbs="mangio/mangi/mangia,bevo/bevi/beve,compro/compri/compra,leggo/leggi/legge,cucino/cucini/cucina,"
        "vado/vai/va,lavoro/lavori/lavora",
        going="a scuola,a casa,in città",
        working="a scuola,a casa,in città",
        weather="piove,nevica,c'è il sole,c'è vento",
        regions="al nord,al sud,in montagna",
        plain="{time} {subject} {verb} {object}.",
        negated="{time} {subject} non {verb} {object}.",
    ),
    "es": Phrases(
        times="Hoy,Mañana,Esta noche,El lunes,El fin de semana",
        subjects=",,mi mamá,mi papá,mi amigo,la maestra",
        objects="pan,una manzana,pescado,sopa,café,agua,un libro,el diario",
        verbs="como/comés/come,tomo/tomás/toma,compro/comprás/compra,leo/leés/lee,cocino/cocinás/cocina,"
        "voy/vas/va,trabajo/trabajás/trabaja",
        going="a la escuela,a casa,a la ciudad",
        working="en la escuela,en casa,en la ciudad",
        weather="llueve,nieva,hay sol,hay viento",
        regions="en el norte,en el sur,en la montaña",
        plain="{time} {subject} {verb} {object}.",
        negated="{time} {subject} no {verb} {object}.",
    ),
    "ko": Phrases(
        times="오늘,내일,오늘 저녁에,월요일에,주말에",
        subjects="저는,당신은,어머니는,아버지는,친구는,선생님은",
        objects="빵을,사과를,생선을,수프를,커피를,물을,책을,신문을",
        verbs="먹어요/먹어요/먹어요,마셔요/마셔요/마셔요,사요/사요/사요,읽어요/읽어요/읽어요,요리해요/요리해요/요리해요,"
        "가요/가요/가요,일해요/일해요/일해요",
        negated_verbs="먹지 않아요/먹지 않아요/먹지 않아요,마시지 않아요/마시지 않아요/마시지 않아요,"
        "사지 않아요/사지 않아요/사지 않아요,읽지 않아요/읽지 않아요/읽지 않아요,"
        "요리하지 않아요/요리하지 않아요/요리하지 않아요,"
        "가지 않아요/가지 않아요/가지 않아요,일하지 않아요/일하지 않아요/일하지 않아요",
        going="학교에,집에,시내에",
        working="학교에서,집에서,시내에서",
        weather="비가 와요,눈이 와요,해가 나요,바람이 불어요",
        regions="북쪽에는,남쪽에는,산에는",
        plain="{time} {subject} {object} {verb}.",
        negated="{time} {subject} {object} {verb}.",
        weather_clause="{time} {region} {weather}.",
    ),
    "tr": Phrases(
        times="Bugün,Yarın,Bu akşam,Pazartesi günü,Hafta sonu",
        subjects=",,annem,babam,arkadaşım,öğretmen",
        objects="ekmek,elma,balık,çorba,kahve,su,kitap,gazete",
        verbs="yiyeceğim/yiyeceksin/yiyecek,içeceğim/içeceksin/içecek,alacağım/alacaksın/alacak,"
        "okuyacağım/okuyacaksın/okuyacak,pişireceğim/pişireceksin/pişirecek,gideceğim/gideceksin/gidecek,"
        "çalışacağım/çalışacaksın/çalışacak",
        negated_verbs="yemeyeceğim/yemeyeceksin/yemeyecek,içmeyeceğim/içmeyeceksin/içmeyecek,"
        "almayacağım/almayacaksın/almayacak,okumayacağım/okumayacaksın/okumayacak,"
        "pişirmeyeceğim/pişirmeyeceksin/pişirmeyecek,gitmeyeceğim/gitmeyeceksin/gitmeyecek,"
        "çalışmayacağım/çalışmayacaksın/çalışmayacak",
        going="okula,eve,şehre",
        working="okulda,evde,şehirde",
        weather="yağmur yağacak,kar yağacak,güneş açacak,rüzgar esecek",
        regions="kuzeyde,güneyde,dağlarda",
        plain="{time} {subject} {object} {verb}.",
        negated="{time} {subject} {object} {verb}.",
        weather_clause="{time} {region} {weather}.",
    ),
}
