"""Signup's decisions by themselves: names, addresses, answers, and a person's life."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.signup import address, rules
from services.signup.rules import Question, Refused, answers, states, text


def refused(function, *args) -> Refused:
    with pytest.raises(Refused) as caught:
        function(*args)
    assert caught.value.message and caught.value.remedy, "a refusal says what is wrong and what to do"
    return caught.value


# Names


@pytest.mark.parametrize(
    "name", ["Ada", "Ng", "José Ñandú", "O'Brien-Smith", "李小龙", "محمد", "नरेंद्र", "Søren 🦆", "X Æ A-12", "👩‍💻 Grace",
     "J. R. R. Tolkien", "Dr.Kim (she/her)", "Awww. Bear", "St.John / Jean", "Sammy Davis Jr.", "M:me Curie", "Ng/Wu"],
)  # fmt: skip
def test_names_of_people_are_taken_as_they_are(name):
    assert text.name("name", name) == unicodedata.normalize("NFC", name)


def test_a_name_is_trimmed_and_its_inner_spaces_made_single():
    assert text.name("name", "  Ada   King ") == "Ada King"


@pytest.mark.parametrize(
    "name",
    ["", "   ", "\u200b\u200b", "Ada\r\nBcc: all@example.org", "Ada\nKing", "Ada\x00", "Ada\x1b[31m", "Ada\u2028King",
     "\u202egnp.exe", "\ud800", "😀" * 300, "👩‍👩‍👧‍👦" * 101, "a" * 101, "a" + "\u0301" * 500],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_a_remedy(name):
    assert refused(text.name, "name", name).field == "name"


@pytest.mark.parametrize(
    "name",
    ["Win at https://evil.example", "http://x", "ftp://x", "WWW.evil.example", "Ada www.evil.example/x", "://",
     "ｈｔｔｐ：／／evil", "ｗｗｗ．evil.example", "𝐰𝐰𝐰.evil.example", "www。evil。example", "www․evil",
     "w\u200bww.evil", "http:\u200d//evil", "www\u2060.evil", "w\u00adww.evil", "evil.example/win",
     "Ada eViL.example/Win"],
)  # fmt: skip
def test_a_name_carries_no_web_address_to_strangers_in_disguise_neither(name):
    refusal = refused(text.name, "name", name)
    assert refusal.field == "name" and "web address" in refusal.message and "name alone" in refusal.remedy


def test_a_family_of_emoji_counts_as_one_character():
    assert text.length("👩‍👩‍👧‍👦") == 1
    assert text.length("👍🏽") == 1
    assert text.length("🇨🇦🇫🇷") == 2
    assert text.length("é") == text.length("e\u0301") == 1


@given(st.text(max_size=600))
def test_a_name_is_either_refused_or_safe_to_store_and_to_put_in_a_header(name):
    try:
        kept = text.name("name", name)
    except Refused:
        return
    kept.encode("utf-8")
    assert kept == kept.strip() and kept.isprintable() or all(unicodedata.category(c) != "Cc" for c in kept)
    assert not set(kept) & set("\r\n\0\u2028\u2029")
    assert len(kept) <= 400
    assert text.name("name", kept) == kept, "what was taken once is taken again unchanged"


# Addresses


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("ada@example.org", "ada@example.org"),
        (" Ada.King+ml@Example.ORG ", "Ada.King+ml@example.org"),
        ("ada@exämple.de", "ada@xn--exmple-cua.de"),
        ("ada@XN--exmple-cua.de", "ada@xn--exmple-cua.de"),
        ("ada@mail.test", "ada@mail.test"),
    ],
)
def test_addresses_are_kept_in_a_form_any_server_can_be_given(typed, kept):
    assert address.checked("email", typed) == kept


@pytest.mark.parametrize(
    "typed",
    ["", "ada", "ada@", "@example.org", "ada@example", "ada@@example.org", "a b@example.org", "ada@example..org",
     "ada@-example.org", "ada@example.org\r\nBcc: all@example.org", "Ada <ada@example.org>", "ada@[127.0.0.1]",
     "\"a b\"@example.org", "ada@example.org,bob@example.org", "a" * 65 + "@example.org", "ada@" + "a." * 130 + "org",
     "用户@例子.广告", "jürgen@example.org", "ada\x00@example.org", "\ud800@example.org"],
)  # fmt: skip
def test_what_is_no_address_or_cannot_be_reached_is_refused(typed):
    assert refused(address.checked, "email", typed).field == "email"


def test_two_spellings_of_one_mailbox_have_one_key_and_a_tag_is_another_mailbox():
    def key(typed):
        return rules.email_key(address.checked("email", typed))

    assert key("Ada@Exämple.de") == key("ada@exämple.DE") == key("ADA@xn--exmple-cua.de")
    assert key("ada@example.org") != key("ada+ml@example.org")
    assert key("ada@straße.de") != key("ada@strasse.de")


@given(st.emails())
def test_the_key_does_not_change_when_made_again(typed):
    key = rules.email_key(typed)
    assert rules.email_key(key) == key == rules.email_key(typed.upper().lower())


# Lines, web addresses, GitHub names


@pytest.mark.parametrize("value", ["https://example.org/me", "http://example.org", "https://exämple.de/ü?q=1#x"])
def test_web_addresses_are_taken(value):
    assert text.url("blog", value) == value


@pytest.mark.parametrize(
    "value",
    ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "example.org", "//example.org", "ftp://a.org",
     "https://", "https://user:secret@example.org", "https://[::1", "https://example.org/\"><script>", "https://a b",
     "https://example.org/\x00", "https://example.org:99999/", "https://" + "a" * 2000 + ".org"],
)  # fmt: skip
def test_what_is_no_web_address_is_refused(value):
    refused(text.url, "blog", value)


def test_a_github_name_is_taken_also_from_its_address():
    assert text.github("github", "https://github.com/ada-lovelace/") == "ada-lovelace"
    assert text.github("github", "@ada-lovelace") == "ada-lovelace"
    assert text.github("github", " ") is None
    refused(text.github, "github", "https://example.org/ada")
    refused(text.github, "github", "ada/../..")


def test_paragraphs_keep_their_lines_and_script_stays_text():
    assert text.paragraphs("why", "one\r\ntwo\rthree") == "one\ntwo\nthree"
    assert text.paragraphs("why", "<script>alert(1)</script>") == "<script>alert(1)</script>"
    refused(text.paragraphs, "why", "a" * 5001)
    refused(text.paragraphs, "why", "a\x00b")


def test_slugs_are_ascii_and_unlike_those_taken():
    assert rules.slug("Größe & Ziel!") == "groe-ziel" or rules.slug("Größe & Ziel!") == "grosse-ziel"
    assert rules.slug("日本") == "item"
    assert rules.slug("A", {"a", "a-2"}) == "a-3"


# Answers


def question(kind: str, required: bool = False, options: tuple[str, ...] = ()) -> Question:
    return Question("q", "Question?", "", kind, options, required)


@pytest.mark.parametrize(
    ("kind", "given_answer", "kept"),
    [
        ("short", " hello ", {"q": "hello"}),
        ("short", "", {}),
        ("short", "   ", {}),
        ("long", "a\r\nb", {"q": "a\nb"}),
        ("url", "https://example.org", {"q": "https://example.org"}),
        ("url", " ", {}),
        ("choice", "B", {"q": "B"}),
        ("several", ["C", "A", "A"], {"q": ["A", "C"]}),
        ("several", [], {}),
        ("checkbox", True, {"q": True}),
        ("checkbox", False, {}),
        ("checkbox", None, {}),
    ],
)
def test_answers_are_kept_in_one_form(kind, given_answer, kept):
    assert answers.check([question(kind, options=("A", "B", "C"))], {"q": given_answer}) == kept


@pytest.mark.parametrize(
    ("kind", "given_answer"),
    [
        ("short", "a" * 301), ("short", "a\nb"), ("short", 7), ("short", ["x"]), ("short", {"a": 1}), ("short", True),
        ("long", "a" * 5001), ("long", 1.5), ("url", "javascript:alert(1)"), ("url", 3), ("choice", "D"),
        ("choice", ["A"]), ("choice", 1), ("several", "A"), ("several", ["A", "D"]), ("several", [1]),
        ("several", {"A": 1}), ("checkbox", "yes"), ("checkbox", 1),
    ],
)  # fmt: skip
def test_wrong_answers_are_refused_by_name(kind, given_answer):
    refusal = refused(answers.check, [question(kind, options=("A", "B", "C"))], {"q": given_answer})
    assert refusal.field == "answers.q"


@pytest.mark.parametrize("kind", list(rules.KINDS))
def test_a_required_question_needs_an_answer(kind):
    for empty in ({}, {"q": None}, {"q": ""}):
        assert refused(answers.check, [question(kind, True, ("A", "B"))], empty).field == "answers.q"


def test_a_question_nobody_asked_is_refused_and_all_refusals_come_together():
    refusal = refused(answers.check, [question("short", required=True)], {"other": "x"})
    assert [each.field for each in refusal.all] == ["answers.q", "answers.other"]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(st.sampled_from(list(rules.KINDS)), st.booleans(), json_values)
def test_any_json_is_either_refused_or_kept_unchanged_the_second_time(kind, required, value):
    asked = [question(kind, required, ("A", "B"))]
    try:
        kept = answers.check(asked, {"q": value})
    except Refused:
        return
    assert answers.check(asked, kept) == kept


def test_a_form_gives_the_same_answers_as_the_api():
    asked = [
        Question("line", "", "", "short", (), False),
        Question("some", "", "", "several", ("A", "B"), False),
        Question("box", "", "", "checkbox", (), False),
    ]
    form = {"answers.line": ["hi"], "answers.some": ["B"], "answers.box": ["on"]}
    assert rules.from_form(asked, lambda name: form.get(name, [])) == {"line": "hi", "some": ["B"], "box": True}


# A person's life


def test_every_verb_leads_from_a_state_to_a_state():
    for verb, steps in states.TRANSITIONS.items():
        for before, after in steps.items():
            assert {before, after} <= set(states.STATES), verb


@given(st.lists(st.sampled_from(list(states.TRANSITIONS)), max_size=20))
def test_nothing_leads_back_from_erased_and_nobody_is_a_member_unconfirmed(verbs):
    state, confirmed = "applied", False
    for verb in verbs:
        try:
            state = states.after(verb, state)
        except Refused:
            continue
        confirmed = confirmed or verb == "confirm"
        assert confirmed or state not in states.KNOWN
        if state == "erased":
            for other in states.TRANSITIONS:
                refused(states.after, other, "erased")
            return
