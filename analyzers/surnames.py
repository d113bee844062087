"""Surnames that are not read as their characters usually are, and surnames of two characters."""

_ONE = {
    "单": "shan", "解": "xie", "曾": "zeng", "仇": "qiu", "查": "zha", "乐": "yue", "区": "ou", "覃": "qin",
    "盖": "ge", "缪": "miao", "朴": "piao", "翟": "zhai", "洗": "xian", "员": "yun", "种": "chong", "召": "shao",
    "黑": "he", "秘": "bi", "折": "she", "祭": "zhai", "佴": "nai", "郇": "xun", "牟": "mu", "乜": "nie",
    "隗": "wei", "卜": "bu", "都": "du", "句": "gou", "阚": "kan", "繁": "po", "薄": "bo", "重": "chong",
    "藏": "zang", "任": "ren", "葛": "ge", "华": "hua", "纪": "ji", "宁": "ning", "冼": "xian", "逄": "pang",
    "谌": "chen", "瞿": "qu", "车": "che", "曲": "qu", "佘": "she", "厍": "she", "强": "qiang", "盛": "sheng",
    "沈": "shen", "长": "zhang", "宿": "su", "尉": "wei", "莘": "shen", "万": "wan", "石": "shi", "行": "xing",
}  # fmt: skip
_TWO = {
    "万俟": "mo qi", "尉迟": "yu chi", "澹台": "tan tai", "单于": "chan yu", "乐正": "yue zheng", "长孙": "zhang sun",
    "令狐": "ling hu", "鲜于": "xian yu", "宰父": "zai fu", "亓官": "qi guan", "呼延": "hu yan", "夏侯": "xia hou",
    "皇甫": "huang fu", "欧阳": "ou yang", "诸葛": "zhu ge", "司徒": "si tu", "百里": "bai li", "上官": "shang guan",
    "司马": "si ma", "慕容": "mu rong", "东方": "dong fang", "公孙": "gong sun", "南宫": "nan gong", "独孤": "du gu",
    "宇文": "yu wen", "轩辕": "xuan yuan", "闻人": "wen ren", "端木": "duan mu", "申屠": "shen tu", "太史": "tai shi",
    "钟离": "zhong li", "濮阳": "pu yang", "淳于": "chun yu", "公冶": "gong ye", "宗政": "zong zheng",
    "闾丘": "lv qiu", "仲孙": "zhong sun", "拓跋": "tuo ba", "完颜": "wan yan", "西门": "xi men", "左丘": "zuo qiu",
    "东郭": "dong guo", "梁丘": "liang qiu", "谷梁": "gu liang", "第五": "di wu", "司空": "si kong", "赫连": "he lian",
}  # fmt: skip

SURNAMES = _ONE | _TWO
"""Written form → how it is read, a syllable for each character with blanks between."""
