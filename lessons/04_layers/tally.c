/* Counts the words of a text. app.py loads it as libtally.so. */

int words(const char *text)
{
    int count = 0, inside = 0;

    for (; *text; text++) {
        int blank = *text == ' ' || (*text >= '\t' && *text <= '\r');

        if (!blank && !inside)
            count++;
        inside = !blank;
    }
    return count;
}
