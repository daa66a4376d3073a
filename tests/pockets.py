"""What notebooks in the browser leave to the live workshop."""

CANNOT = {  # by lesson: the checks that a right answer leaves unasked here
    9: {"test_release_lock_is_for_its_owner", "test_release_lock_never_frees_another"},
    10: {"test_wait_for_job_waits", "test_wait_for_job_gives_up"},
    18: {
        *("test_biggest_keys_finds_them", "test_biggest_keys_leaves_out_what_is_gone", "test_biggest_keys_in_pages"),
        "test_cache_report_hit_rate",
        *("test_cache_report_before_the_first_read", "test_cache_report_evicted", "test_cache_report_full"),
        *("test_sell_decides_each_order", "test_sell_in_one_trip"),
    },
}
