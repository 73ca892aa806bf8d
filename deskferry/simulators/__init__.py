"""Stateful fakes of help desks, written from the vendors' facts and served over loopback HTTP."""
