"""The course as a site of plain files, made by Sphinx from the lessons and notebooks as they stand."""
