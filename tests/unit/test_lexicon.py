"""A tenant's own words and synonyms: what the files say, what is wrong with them, what they do to a query."""

from __future__ import annotations

from pathlib import Path

import kit
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kit import VERTICALS
from querykit import asked

from analyzers import Lexicon, analyse, load_lexicons, normalise
from search.core.errors import ConfigurationError
from search.query.build import query_body
from search.query.highlight import highlight_terms, snippet
from search.query.matcher import matches

MESSAGES = VERTICALS["messages"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "acme").mkdir()
    return tmp_path


def lexicon(folder: Path, *, synonyms: str = "", words: str = "") -> Lexicon:
    (folder / "acme" / "synonyms.txt").write_text(synonyms, "utf-8")
    (folder / "acme" / "words.txt").write_text(words, "utf-8")
    return load_lexicons(folder).of("acme")


class TestSynonyms:
    @pytest.mark.parametrize(
        ("text", "variants"),
        [
            ("年假怎么休", ["年休假怎么休"]),
            ("年休假", ["年假"]),
            ("少年假日", []),  # not a word of this text
            ("费用报销制度", ["报销制度"]),  # the longest one counts
            ("K8S集群", ["kubernetes集群"]),
            ("k8s-prod", ["kubernetes-prod"]),
            ("報銷", ["费用报销"]),
            ("差旅", []),
            ("", []),
        ],
    )
    def test_a_query_is_asked_in_other_words_too(self, folder: Path, text: str, variants: list[str]) -> None:
        file = "# holidays\n年假 = 年休假\n报销 = 费用报销  # money\n\nk8s = Kubernetes\n"
        assert lexicon(folder, synonyms=file).variants(text) == variants

    def test_one_way(self, folder: Path) -> None:
        known = lexicon(folder, synonyms="人事 => 人力资源\n")
        assert known.variants("人事") == ["人力资源"]
        assert known.variants("人力资源") == []

    def test_several_lines_of_one_term_add_up(self, folder: Path) -> None:
        assert lexicon(folder, synonyms="a1 = b2\na1 = c3\n").variants("a1") == ["b2", "c3"]

    def test_several_synonyms_in_one_query(self, folder: Path) -> None:
        known = lexicon(folder, synonyms="k8s = kubernetes\n报销 = 费用报销\n")
        assert set(known.variants("k8s 报销")) == {"k8s 费用报销", "kubernetes 报销", "kubernetes 费用报销"}

    def test_a_document_in_other_words_is_found_and_marked(self, folder: Path) -> None:
        wanted = asked(text="年假", lexicon=lexicon(folder, synonyms="年假 = 年休假\n"))
        said = kit.message("m-1", "申请年休假的流程", conversation_id="c", sender_id="u")
        assert matches(MESSAGES, {"original": said}, query_body(wanted, MESSAGES))
        assert not matches(MESSAGES, {"original": said}, query_body(asked(text="年价"), MESSAGES))
        marks = highlight_terms("年假 " + wanted.variants[0].text)
        assert snippet(said["text"], marks) == "申请<em>年休假</em>的流程"

    def test_without_synonyms_a_query_s_body_stays_as_it_is(self, folder: Path) -> None:
        known = lexicon(folder, synonyms="年假 = 年休假\n")
        assert query_body(asked(text="预算", lexicon=known), MESSAGES) == query_body(asked(text="预算"), MESSAGES)

    @given(st.lists(st.sampled_from(["年假", "年休假", "k8s", "的", " ", "x"]), max_size=60).map("".join))
    def test_all_ways_together_stay_below_the_engine_s_bound(self, text: str) -> None:
        synonyms = {"年假": ("年休假",), "年休假": ("年假",), "k8s": ("kubernetes", "容器集群")}
        wanted = asked(text=text, lexicon=Lexicon(synonyms=synonyms))
        terms = [way.terms.chars.split() for way in (wanted, *wanted.variants)]
        assert sum(map(len, terms)) <= 48 or len(terms) == 1 or len(terms) * len(terms[0]) <= 48
        assert all(way.text != normalise(text) for way in wanted.variants)
        assert orjson.dumps(query_body(wanted, MESSAGES))


class TestWords:
    def test_a_word_of_the_company_stays_whole(self, folder: Path) -> None:
        known = lexicon(folder, words="商旅通宝 1000\n搜索中台\n")
        assert "商旅通宝" not in analyse("商旅通宝上线").words.split()
        assert "商旅通宝" in analyse("商旅通宝上线", known.segmenter).words.split()
        assert "搜索中台" in analyse("搜索中台方案", known.segmenter).words.split()

    def test_other_tenants_do_not_have_it(self, folder: Path) -> None:
        (folder / "other").mkdir()
        lexicon(folder, words="商旅通宝\n")
        assert load_lexicons(folder).of("other").segmenter is None
        assert load_lexicons(folder).of("unheard-of").segmenter is None

    def test_documents_are_cut_by_it_too(self, folder: Path) -> None:
        segmenter = lexicon(folder, words="商旅通宝\n").segmenter
        doc = kit.doc("f-1", "商旅通宝手册", owner_id="u")
        vertical = VERTICALS["docs"]
        state = vertical.entities["doc"].model_validate(doc)
        assert "商旅通宝" in vertical.document("doc", state, doc, segmenter)["title_words"].split()

    def test_the_digest_tells_one_dictionary_from_another(self, folder: Path) -> None:
        first, second = lexicon(folder, words="商旅通\n").digest, lexicon(folder, words="商旅通 9\n").digest
        assert len({"", first, second}) == 3
        assert lexicon(folder, synonyms="年假 = 年休假\n").digest == ""  # documents do not depend on synonyms


class TestFaults:
    @pytest.mark.parametrize(
        ("synonyms", "line", "told"),
        [
            ("年假\n", 1, "two or more terms"),
            ("年假 = 年休假\n\n = x\n", 3, "without any letter"),
            ("年假 = 年假\n", 1, "same term twice"),
            ("a => b => c\n", 1, "two terms"),
            ("年假 = " + "长" * 65 + "\n", 1, "longer than 64"),
            (" = ".join(f"t{n}" for n in range(17)) + "\n", 1, "more than 16"),
        ],
    )
    def test_of_synonyms(self, folder: Path, synonyms: str, line: int, told: str) -> None:
        with pytest.raises(ConfigurationError, match=rf"synonyms\.txt:{line}: .*{told}"):
            lexicon(folder, synonyms=synonyms)

    @pytest.mark.parametrize(
        ("words", "line", "told"),
        [
            ("商旅通 x\n", 1, "word weight"),
            ("商旅通\n商旅通 5\n", 2, "second time"),
            ("abc\n", 1, "Chinese characters"),
            ("商\n", 1, "Chinese characters"),
            ("# fine\n商旅通 99999999\n", 2, "at most"),
            ("商-旅\n", 1, "Chinese characters"),
        ],
    )
    def test_of_words(self, folder: Path, words: str, line: int, told: str) -> None:
        with pytest.raises(ConfigurationError, match=rf"words\.txt:{line}: .*{told}"):
            lexicon(folder, words=words)

    def test_all_are_told_at_once(self, folder: Path) -> None:
        with pytest.raises(ConfigurationError) as caught:
            lexicon(folder, synonyms="a\nb\n", words="x\n")
        assert len(str(caught.value).splitlines()) == 4

    def test_a_line_that_is_no_text(self, folder: Path) -> None:
        (folder / "acme" / "words.txt").write_bytes("商旅通\n".encode() + b"\xff\xfe\n")
        with pytest.raises(ConfigurationError, match=r"words\.txt:2: not UTF-8"):
            load_lexicons(folder)

    def test_a_folder_that_is_not_there(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigurationError, match="OFFICE_SEARCH_LEXICONS"):
            load_lexicons(tmp_path / "nowhere")
