"""Exceptions with pickling rules of their own, which are wrong."""


class DropsState(Exception):
    """Indented with tabs."""

    def __init__(self, message, code=None):
        super().__init__(message)
        self.code = code

    def __reduce__(self):
        return type(self), self.args


class DropsInReduceEx(Exception):
    def __init__(self, message, extra=None):
        super().__init__(message)
        self.extra = extra

    def __reduce_ex__(self, protocol):
        return DropsInReduceEx, self.args


class InheritsReduceEx(DropsInReduceEx):
    pass


class DropsNotes(Exception):
    def __reduce__(self):
        return type(self), self.args

    # a comment at the end


class ChangesType(Exception):
    def __reduce__(self):
        return ValueError, self.args


class Raises(Exception):
    def __reduce__(self):
        raise TypeError("no")


class Nonsense(Exception):
    def __reduce__(self):
        return 7


class Misfit(Exception):
    def __init__(self, message, *, response):
        super().__init__(message)
        self.response = response

    def __reduce_ex__(self, protocol):
        return self.__class__, (str(self),), {"response": self.response}


class OwnSetstate(Exception):
    def __setstate__(self, state):
        pass


class Deletes(Exception):
    def __init__(self, message):
        super().__init__(message)
        self.kept = message

    def __reduce__(self):
        return Deletes, ("",)
