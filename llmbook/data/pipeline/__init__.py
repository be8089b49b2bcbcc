"""The cleaning pipeline (section 3.2): a recipe of steps over files of any size, on one machine or a cluster."""
