# Exceptions that inherit a defect, or have one behind another.
class Base(Exception):
    def __init__(self, status, detail):
        super().__init__(f"{status}: {detail}")
        self.status = status
        self.detail = detail
        # the last line of the constructor


class NotFound(Base):
    """Inherits the defect."""


class Gone(Base):
    """Inherits it as well."""

    kind = "gone"


class Own(Base):
    def __init__(self, detail):
        super().__init__(409, detail)


class Outer(Exception):
    class Inner(Exception):
        def __init__(self, a, b):
            super().__init__(a + b)
            self.a, self.b = a, b

    def __init__(self, text, inner=None):
        super().__init__(f"outer: {text}")
        self.inner = inner


class OneLine(Base):
    pass


class Mixed(Base, LookupError):
    """Two bases."""


if Base:

    class Conditional(Exception):
        def __init__(self, a, b):
            super().__init__(f"{a}{b}")
            self.a = a
            self.b = b
else:

    class Conditional(Exception):
        pass
