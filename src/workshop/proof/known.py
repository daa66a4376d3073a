"""Names of mistakes that need no search: the place that raises has found out the cause, and brings the sentence."""

from __future__ import annotations

KNOWN = (
    # what was handed in
    *("folder_missing", "folder_empty", "folder_too_large", "file_for_a_folder", "file_missing", "file_misnamed"),
    *("file_unreadable", "special_file", "link_in_a_circle", "link_out_of_the_folder", "link_to_a_folder"),
    "dockerfile_not_utf_8",
    # a compose file that cannot be read, or holds what is not run here
    *("second_compose_file", "compose_file_too_large", "compose_file_not_utf_8", "not_yaml", "indented_with_a_tab"),
    *("colon_out_of_place", "colon_missing", "indentation_does_not_fit", "nested_without_end", "too_many_values"),
    *("no_settings", "setting_twice", "setting_misspelt", "unknown_setting", "setting_not_run_here", "not_a_name"),
    *("section_below_services", "service_outside_of_services", "yaml_tag", "value_not_run_here"),
    *("path_out_of_the_folder", "built_outside_the_folder", "mount_out_of_the_folder", "mount_not_run_here"),
    # a notebook, its functions and their calls
    *("notebook_too_large", "notebook_not_utf_8", "notebook_empty", "notebook_not_json", "notebook_without_cells"),
    *("notebook_without_code", "function_missing", "function_not_run_yet", "not_attempted", "cell_stops"),
    *("cell_never_ends", "call_never_ended", "call_ended_its_process", "earlier_call_ended_the_process"),
    *("redis_stopped_by_the_call", "no_command_to_come_before", "key_of_another_type"),
)
