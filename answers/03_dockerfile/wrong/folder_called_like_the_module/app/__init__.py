# pictures and pages
