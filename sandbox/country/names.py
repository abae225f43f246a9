"""Names people in Iran bear, each with the Latin letters its bearer's mail address has."""

MEN = (
    ("علی", "ali"), ("رضا", "reza"), ("بهزاد", "behzad"), ("آرش", "arash"), ("سعید", "saeed"),
    ("مهدی", "mehdi"), ("فرهاد", "farhad"), ("کاوه", "kaveh"), ("حمید", "hamid"), ("ناصر", "naser"),
    ("جواد", "javad"), ("امین", "amin"), ("پیمان", "peyman"), ("سیاوش", "siavash"), ("یوسف", "yousef"),
    ("داوود", "davoud"), ("مجید", "majid"), ("شهرام", "shahram"), ("ایمان", "iman"), ("بابک", "babak"),
    ("احسان", "ehsan"), ("خسرو", "khosrow"), ("مسعود", "masoud"), ("نادر", "nader"), ("وحید", "vahid"),
)  # fmt: skip
WOMEN = (
    ("مریم", "maryam"), ("زهرا", "zahra"), ("فاطمه", "fatemeh"), ("نرگس", "narges"), ("سارا", "sara"),
    ("لیلا", "leila"), ("پروین", "parvin"), ("مهناز", "mahnaz"), ("شیرین", "shirin"), ("آزاده", "azadeh"),
    ("نسرین", "nasrin"), ("الهام", "elham"), ("سمیه", "somayeh"), ("مینا", "mina"), ("ژاله", "zhaleh"),
    ("پریسا", "parisa"), ("هانیه", "hanieh"), ("معصومه", "masoumeh"), ("گلناز", "golnaz"), ("رویا", "roya"),
    ("فرشته", "fereshteh"), ("طاهره", "tahereh"), ("نازنین", "nazanin"), ("سپیده", "sepideh"), ("اکرم", "akram"),
)  # fmt: skip
FAMILIES = (
    ("سپهری", "sepehri"), ("نیک‌منش", "nikmanesh"), ("کیانی", "kiani"), ("رستگار", "rastegar"),
    ("احمدی", "ahmadi"), ("محمدزاده", "mohammadzadeh"), ("شریفی", "sharifi"), ("توکلی", "tavakoli"),
    ("کریمی", "karimi"), ("یزدان‌پناه", "yazdanpanah"), ("صادقی", "sadeghi"), ("بهرامی", "bahrami"),
    ("قاسمی", "ghasemi"), ("مرادی", "moradi"), ("خسروی", "khosravi"), ("فراهانی", "farahani"),
    ("طاهری", "taheri"), ("نوروزی", "norouzi"), ("شیرازی", "shirazi"), ("اصفهانی", "esfahani"),
    ("تبریزی", "tabrizi"), ("گیلانی", "gilani"), ("رحمانی", "rahmani"), ("سلطانی", "soltani"),
    ("پورحسن", "pourhasan"), ("عزیزی", "azizi"), ("حسینی", "hosseini"), ("موسوی", "mousavi"),
    ("میرزایی", "mirzaei"), ("باقری", "bagheri"), ("زمانی", "zamani"), ("امیری", "amiri"),
    ("داوری", "davari"), ("ابراهیمی", "ebrahimi"), ("نجفی", "najafi"), ("جعفری", "jafari"),
    ("هاشمی", "hashemi"), ("یوسفی", "yousefi"), ("رضایی", "rezaei"), ("کاظمی", "kazemi"),
)  # fmt: skip
