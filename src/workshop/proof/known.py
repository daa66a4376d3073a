"""Names of mistakes that need no search: the place that raises has found out the cause, and brings the sentence."""

from __future__ import annotations

KNOWN = (
    # what was handed in
    *("folder_missing", "folder_empty", "folder_too_large", "file_for_a_folder", "file_missing", "file_misnamed"),
    *("file_unreadable", "special_file", "link_in_a_circle", "link_out_of_the_folder", "link_to_a_folder"),
    "dockerfile_not_utf_8",
    # a compose file that cannot be read, or holds what is not run here
    *("compose_file_too_large", "compose_file_not_utf_8", "not_yaml", "indented_with_a_tab"),
    *("colon_out_of_place", "colon_missing", "indentation_does_not_fit", "nested_without_end", "too_many_values"),
    *("no_settings", "setting_twice", "setting_misspelt", "unknown_setting", "setting_not_run_here", "not_a_name"),
    *(
        "section_below_services",
        "setting_of_another",
        "indented_too_far",
        "service_outside_of_services",
        "yaml_tag",
        "value_not_run_here",
    ),
    *("path_out_of_the_folder", "built_outside_the_folder", "mount_out_of_the_folder", "mount_not_run_here"),
    # a compose file with a value of another shape
    *(
        "services_as_a_list",
        "services_without_names",
        "keys_beside_the_service",
        "nothing_below",
        "dashes_in_a_service",
    ),
    *("service_as_a_text", "list_without_dashes", "variables_in_one_line", "name_beside_its_setting"),
    *("setting_beside_its_name", "dashes_for_settings", "list_for_a_text", "text_without_quotes", "list_in_a_list"),
    *("space_after_the_colon", "dash_and_colon", "variable_without_a_text", "condition_in_a_list"),
    *("condition_without_a_service", "condition_missing", "health_test_as_a_mapping", "number_of_retries"),
    *("duration_without_its_unit", "mapping_for_a_command"),
    # a notebook, its functions and their calls
    *("notebook_too_large", "notebook_not_utf_8", "notebook_empty", "notebook_not_json", "notebook_without_cells"),
    *("notebook_cut_off", "notebook_with_conflict_marks", "script_for_a_notebook"),
    *(
        "notebook_without_code",
        "function_missing",
        "function_not_run_yet",
        "not_attempted",
        "cell_stops",
        "cell_ends_the_process",
    ),
    *("function_renamed", "function_inside_another", "function_in_a_text_cell"),
    *("cell_never_ends", "call_never_ended", "call_ended_its_process", "earlier_call_ended_the_process"),
    "runner_changed",
    *("redis_stopped_by_the_call", "no_command_to_come_before", "key_of_another_type"),
)
