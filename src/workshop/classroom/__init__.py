"""A class of strangers: a ledger of what is to be graded, the workers that grade it, here or elsewhere, and the walls around them."""
