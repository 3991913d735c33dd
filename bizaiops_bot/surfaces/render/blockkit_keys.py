"""The kinds of blocks and elements that we draw, and the keys of each: (needed, allowed besides)."""

from __future__ import annotations

KEYS: dict[str, tuple[set[str], set[str]]] = {
    "header": ({"text"}, set()),
    "section": (set(), {"text", "fields"}),
    "divider": (set(), set()),
    "context": ({"elements"}, set()),
    "actions": ({"elements"}, set()),
    "rich_text": ({"elements"}, set()),
    "rich_text_section": ({"elements"}, set()),
    "rich_text_preformatted": ({"elements"}, set()),
    "rich_text_list": ({"style", "elements"}, set()),
    "text": ({"text"}, {"style"}),
    "link": ({"url", "text"}, set()),
    "plain_text": ({"text"}, {"emoji"}),
    "mrkdwn": ({"text"}, {"verbatim"}),
    "button": ({"text", "action_id"}, {"value", "style", "confirm"}),
    "table": ({"rows"}, {"column_settings"}),
    "data_table": ({"rows", "caption"}, {"page_size"}),
    "raw_text": ({"text"}, set()),
    "raw_number": ({"value", "text"}, set()),
    "data_visualization": ({"title", "chart"}, set()),
    "input": ({"label", "element"}, {"optional", "hint"}),
    "plain_text_input": ({"action_id"}, {"multiline", "max_length", "initial_value", "placeholder"}),
    "number_input": ({"action_id", "is_decimal_allowed"}, {"min_value", "max_value", "initial_value", "placeholder"}),
    "static_select": ({"action_id", "options"}, {"placeholder", "initial_option"}),
}
ONLY_IN_MESSAGES = ("table", "data_table", "data_visualization")
