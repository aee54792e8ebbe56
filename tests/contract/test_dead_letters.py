"""Dead letters that are kept for a person."""

from __future__ import annotations

from contract_samples import NOW, fresh

from chalicelib.domain.dead_letters import LONGEST_BODY, DeadLetter, Reason, dead_letter
from chalicelib.ports.dead_letters import DeadLetterStore

LATER_S = NOW // 1000 + 3_600


def a_letter(at: int = NOW) -> DeadLetter:
    return dead_letter(Reason.GIVEN_UP, at, fresh("message"), task=fresh("task"), team="team")


def test_a_letter_reads_back_as_it_was_kept(letters: DeadLetterStore) -> None:
    told, untold = a_letter(), dead_letter(Reason.UNREADABLE, NOW, fresh("\u00e9 \U0001f419 <junk>"))
    for letter in (told, untold):
        letters.keep(letter, expires_s=LATER_S)
        assert letters.get(letter.id, now=NOW) == letter


def test_the_same_message_makes_the_same_letter(letters: DeadLetterStore) -> None:
    letter = a_letter()
    for _ in range(3):
        letters.keep(letter, expires_s=LATER_S)
    assert [kept for kept in letters.page("", 1_000, now=NOW) if kept.body == letter.body] == [letter]


def test_letters_are_listed_oldest_first_from_any_one_on(letters: DeadLetterStore) -> None:
    kept = [a_letter(NOW + minutes * 60_000) for minutes in (100_002, 100_000, 100_001)]
    for letter in kept:
        letters.keep(letter, expires_s=LATER_S)
    before = f"{NOW + 100_000 * 60_000:015d}-"
    youngest, oldest, middle = kept
    assert letters.page(before, 2, now=NOW) == [oldest, middle]
    assert letters.page(middle.id, 2, now=NOW) == [youngest]
    assert letters.page(youngest.id, 2, now=NOW) == []


def test_an_expired_letter_is_absent_before_it_is_deleted(letters: DeadLetterStore) -> None:
    gone, there = a_letter(NOW - 9 * 60_000_000), a_letter(NOW - 8 * 60_000_000)
    letters.keep(gone, expires_s=LATER_S)
    letters.keep(there, expires_s=LATER_S + 1)
    then = LATER_S * 1000
    assert letters.get(gone.id, now=then - 1) == gone
    assert letters.get(gone.id, now=then) is None
    assert [letter for letter in letters.page("", 1, now=then) if letter in (gone, there)] == [there]


def test_a_removed_letter_is_gone_and_may_be_removed_again(letters: DeadLetterStore) -> None:
    letter = a_letter()
    letters.keep(letter, expires_s=LATER_S)
    for _ in range(2):
        letters.remove(letter.id)
        assert letters.get(letter.id, now=NOW) is None


def test_so_much_of_a_message_is_kept_as_any_of_ours_could_be_long(letters: DeadLetterStore) -> None:
    letter = dead_letter(Reason.UNREADABLE, NOW, "x" * 1_000_000)
    letters.keep(letter, expires_s=LATER_S)
    kept = letters.get(letter.id, now=NOW)
    assert kept is not None
    assert (len(kept.body), kept.length) == (LONGEST_BODY, 1_000_000)
