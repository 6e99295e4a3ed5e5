"""`make bench`: what the endpoint costs in time, memory and money, beside what people would write by themselves."""
