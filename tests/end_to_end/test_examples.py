"""Each example fails when what it is about is taken out of it: its repair, or the setting that
makes the plugin look."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from chosen_plugins import NO_OTHERS, chosen
from in_matrix import rest_in_matrix

EXAMPLES = Path(__file__).parents[2] / "conftest_examples"
FOLDERS = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "conftest.py").exists())


@dataclass(frozen=True, kw_only=True)
class Fix:
    """A text of an example, and what stands there without the fix."""

    folder: str
    file: str
    old: str
    new: str
    fails: str
    """A test that then fails."""
    needs: str = "pytest"
    """The library without which the example cannot run."""


FIXES = (
    Fix(
        folder="checkpoint_values",
        file="chat_context.py",
        old='"request_id": str(context.request_id),',
        new='"request_id": context.request_id,',
        fails="test_the_chat_context_as_it_is_stored",
        needs="numpy",
    ),
    Fix(
        folder="retry_chain",
        file="retry_gateway.py",
        old="            raise declined from cut_off",
        new="            raise declined from None",
        fails="test_both_failures_arrive",
    ),
    Fix(
        folder="retry_chain",
        file="retry_errors.py",
        old='            "__cause__": self.__cause__,\n',
        new="",
        fails="test_all_three_arrive_when_the_fallback_fails_too",
    ),
    Fix(
        folder="docket",
        file="docket_worker.py",
        old="        docket_reducers.register()\n",
        new="        docket_reducers.classes()\n",
        fails="test_arrives_at_the_client_whole",
        needs="docket",
    ),
    Fix(
        folder="agent_memory_server",
        file="memory_app/worker.py",
        old="        litellm_pickling.apply()\n",
        new="        pass\n",
        fails="test_applies_it_when_it_starts",
        needs="litellm",
    ),
    Fix(
        folder="agent_memory_server",
        file="memory_app/litellm_pickling.py",
        old='        "__suppress_context__": exc.__suppress_context__,\n',
        new="",
        fails="test_hidden_stays_hidden",
        needs="litellm",
    ),
    Fix(
        folder="boundary_translation",
        file="translation_boundary.py",
        old="raise translated(error) from None",
        new="raise",
        fails="test_gets_the_facts",
        needs="docket",
    ),
    Fix(
        folder="dbos",
        file="dbos_errors.py",
        old=(
            "\n    def __reduce__(self) -> tuple[type[RuntimeError], tuple[str]]:\n        "
            "return RuntimeError, (str(self),)\n"
        ),
        new="",
        fails="test_shows_the_message",
        needs="dbos",
    ),
    Fix(
        folder="rolling_deploy",
        file="releases/2.0/orders/errors.py",
        old="retryable: bool | None = None",
        new="retryable: bool | None",
        fails="test_passes_in_ci",
    ),
    Fix(
        folder="celery",
        file="celery_errors.py",
        old="super().__init__(order, reason)",
        new='super().__init__(f"order {order}: {reason}")',
        fails="test_the_client_catches_what_the_task_raised",
        needs="celery",
    ),
    Fix(
        folder="django",
        file="shop_site/pyproject.toml",
        old='pythonpath = ["."]\n',
        new='pythonpath = ["."]\nportable_errors_receiver_setup = "none"\n',
        fails="test_the_models_error_arrives_without_a_word_of_configuration",
        needs="django",
    ),
    Fix(
        folder="process_pools",
        file="pools_errors.py",
        old="return type(self), (self.order_id, self.reason), self.__dict__",
        new="return type(self), self.args, self.__dict__",
        fails="test_the_control_others_arrive_whole",
        needs="joblib",
    ),
    Fix(
        folder="dask",
        file="dask_errors.py",
        old=(
            '        failure = UploadError(name="upload.csv", reason=str(error))\n    raise failure'
        ),
        new='        raise UploadError(name="upload.csv", reason=str(error))',
        fails="test_an_error_of_ones_own_says_what_would_be_dropped",
        needs="distributed",
    ),
    Fix(
        folder="ray",
        file="ray_errors.py",
        old="    def __reduce__(",
        new="    def not_reduced(",
        fails="test_after_it_arrives",
        needs="ray",
    ),
    Fix(
        folder="arq",
        file="arq_errors.py",
        old="    def __reduce__(",
        new="    def not_reduced(",
        fails="test_after_both_do",
        needs="arq",
    ),
    Fix(
        folder="prefect",
        file="prefect_errors.py",
        old="    def __reduce__(",
        new="    def not_reduced(",
        fails="test_after_it_arrives",
        needs="prefect",
    ),
    Fix(
        folder="joblib",
        file="joblib_errors.py",
        old="super().__init__(name)",
        new='super().__init__(f"too large: {name}")',
        fails="test_after_it_arrives",
        needs="joblib",
    ),
    Fix(
        folder="taskiq",
        file="taskiq_errors.py",
        old="super().__init__(address, code)",
        new='super().__init__(f"{address} bounced: {code}")',
        fails="test_after_it_arrives",
        needs="taskiq_redis",
    ),
    Fix(
        folder="temporal",
        file="temporal_converter.py",
        old="error if cls is None else cls(*error.details)",
        new="error",
        fails="test_after_it_has_the_error",
        needs="temporalio",
    ),
    Fix(
        folder="litellm_reducers",
        file="worker.py",
        old='if "--without-reducers" not in sys.argv:',
        new="if sys.argv[2:]:",
        fails="test_a_rate_limit_arrives_at_the_client",
        needs="litellm",
    ),
    Fix(
        folder="own_serializer",
        file="envelope_wire.py",
        old="json.loads(payload, object_hook=decoded)",
        new="json.loads(payload)",
        fails="test_the_client_knows_when_to_try_again",
    ),
    Fix(
        folder="grpc",
        file="grpc_run.py",
        old="    import grpc_reducers  # noqa: F401  # it registers\n",
        new="    pass\n",
        fails="test_after",
        needs="grpc",
    ),
    Fix(
        folder="openai",
        file="openai_run.py",
        old="    import openai_reducers  # noqa: F401  # it registers\n",
        new="    pass\n",
        fails="test_after",
        needs="openai",
    ),
    Fix(
        folder="botocore",
        file="test_botocore.py",
        old="    arrives_as=ClientError,\n",
        new="",
        fails="test_what_is_declared_is_whole",
        needs="botocore",
    ),
    Fix(
        folder="own_factories",
        file="conftest.py",
        old="OrderError: lambda cls: cls(ORDER),\n",
        new="",
        fails="test_with_them_it_is_found_in_the_subclasses_too",
    ),
    Fix(
        folder="consumer_environment",
        file="shopclient.py",
        old="return PaymentError, (self.order_id, self.reason), self.__dict__",
        new="return type(self), (self.order_id, self.reason, self.retry_after), self.__dict__",
        fails="test_a_class_that_clients_lack_arrives_as_the_one_that_they_have",
    ),
)


def test_there_is_one_for_each_example() -> None:
    assert sorted({fix.folder for fix in FIXES}) == FOLDERS


@pytest.mark.parametrize(
    "fix",
    rest_in_matrix(FIXES, here=lambda fix: fix.needs == "pytest"),
    ids=[f"{fix.folder}-{Path(fix.file).stem}" for fix in FIXES],
)
def test_without_its_fix_an_example_fails(fix: Fix, tmp_path: Path) -> None:
    if importlib.util.find_spec(fix.needs) is None:
        pytest.skip(f"{fix.needs} is not installed: pip install '.[examples]'")
    shutil.copy(EXAMPLES / "pytest.ini", tmp_path)
    folder = Path(
        shutil.copytree(
            EXAMPLES / fix.folder,
            tmp_path / fix.folder,
            ignore=shutil.ignore_patterns("__pycache__"),
        )
    )
    text = (folder / fix.file).read_text()
    assert text.count(fix.old) == 1, "what is taken out stands there once"
    # The control is the run of the examples themselves: there nothing was taken out, and all of
    # them pass.
    (folder / fix.file).write_text(text.replace(fix.old, fix.new))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ("-p", "no:cacheprovider", *chosen(), "-q", "--tb=short", "-k", fix.fails)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", *options, fix.folder],
        cwd=tmp_path,
        env={**kept, **NO_OTHERS, "LITELLM_LOCAL_MODEL_COST_MAP": "True"},
        capture_output=True,
        text=True,
    )
    assert result.returncode == pytest.ExitCode.TESTS_FAILED, result.stdout + result.stderr
    assert f"::{fix.fails}" in result.stdout.partition("short test summary info")[2]
