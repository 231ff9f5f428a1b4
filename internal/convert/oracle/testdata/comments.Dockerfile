# Copyright of somebody.
#
# A second paragraph.

# The base.
FROM debian

# What it needs,
# and why.
RUN make

# No instruction of its own:

# a port
EXPOSE 80
CMD ["x"] 
# The end.
