"""Lists the surnames that are not read as their characters usually are."""

# Written forms, syllables with blanks between. Only what differs from the most frequent reading is needed.
SURNAMES = {
    "万俟": "mo qi", "尉迟": "yu chi", "澹台": "tan tai", "长孙": "zhang sun", "单于": "chan yu", "令狐": "ling hu",
    "鲜于": "xian yu", "宰父": "zai fu", "亓官": "qi guan", "仉督": "zhang du", "乐正": "yue zheng", "呼延": "hu yan",
    "夏侯": "xia hou", "皇甫": "huang fu", "欧阳": "ou yang", "诸葛": "zhu ge", "司徒": "si tu", "百里": "bai li",
    "单": "shan", "解": "xie", "曾": "zeng", "仇": "qiu", "查": "zha", "乐": "yue", "区": "ou", "覃": "qin",
    "盖": "ge", "缪": "miao", "朴": "piao", "翟": "zhai", "任": "ren", "冼": "xian", "洗": "xian", "员": "yun",
    "种": "chong", "召": "shao", "黑": "he", "秘": "bi", "折": "she", "华": "hua", "纪": "ji", "葛": "ge",
    "宁": "ning", "祭": "zhai", "逄": "pang", "佴": "nai", "郇": "xun", "郗": "xi", "谌": "chen", "牟": "mu",
    "乜": "nie", "隗": "wei", "瞿": "qu", "车": "che", "曲": "qu", "臧": "zang", "卜": "bu", "都": "du",
    "占": "zhan", "句": "gou", "阚": "kan", "佘": "she", "厍": "she", "隽": "juan", "钭": "tou", "撒": "sa",
    "强": "qiang", "盛": "sheng", "沈": "shen", "柏": "bai", "贾": "jia", "俞": "yu", "繁": "po", "訾": "zi",
    "亓": "qi", "费": "fei", "薄": "bo", "晁": "chao", "谷": "gu", "殷": "yin", "长": "zhang", "重": "chong",
    "那": "na", "尹": "yin", "石": "shi", "洪": "hong", "应": "ying", "过": "guo", "燕": "yan", "哈": "ha",
    "宿": "su", "尉": "wei", "万": "wan", "车正": "che zheng", "莘": "shen", "叶": "ye", "适": "kuo", "峁": "mao",
    "邸": "di", "褚": "chu", "咎": "jiu", "昝": "zan", "麻": "ma", "幸": "xing", "藏": "zang", "行": "xing",
    "闵": "min", "塞": "sai", "晟": "cheng", "芮": "rui", "肖": "xiao", "戚": "qi", "佟": "tong", "会": "gui",
}  # fmt: skip
