from app.state import preferences


def test_a_choice_is_its_visitors_and_the_oldest_visitor_is_forgotten_first(monkeypatch):
    monkeypatch.setattr(preferences, "MOST", 2)
    monkeypatch.setattr(preferences, "_of_visitors", type(preferences._of_visitors)())
    preferences.set("first", "truth", True)
    preferences.set("second", "truth", False)
    assert (preferences.get("first", "truth"), preferences.get("second", "truth")) == (True, False)
    assert preferences.get("first", "other") is None and preferences.get("third", "truth") is None
    preferences.set("first", "other", 1)
    preferences.set("third", "truth", True)
    assert preferences.get("second", "truth") is None and preferences.get("first", "truth") is True
