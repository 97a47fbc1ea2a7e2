"""The signature, against the example that Alibaba Cloud publishes with its description."""

import pytest

from duty.notify.channels.aliyun import canonical_query, signature, tidy


def test_the_published_example_is_signed_alike() -> None:
    query = canonical_query(
        {
            "RegionId": "cn-shanghai",
            "ImageId": "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd",
        }
    )
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
        "authorization": "not signed",
    }
    names, signed = signature("YourAccessKeySecret", "POST", query, headers)
    assert names == (
        "host;x-acs-action;x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version"
    )
    assert signed == "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"


@pytest.mark.parametrize(
    ("value", "encoded"),
    [("a b", "a%20b"), ("*", "%2A"), ("~-_.", "~-_."), ("危", "%E5%8D%B1"), ("+86", "%2B86")],
)
def test_values_are_encoded_as_rfc_3986_says(value: str, encoded: str) -> None:
    assert canonical_query({"v": value}) == f"v={encoded}"


def test_a_providers_code_is_kept_short_and_clean() -> None:
    assert tidy("isv.OUT_OF_SERVICE") == "isv.OUT_OF_SERVICE"
    assert tidy("号码19900001234<x>") == "19900001234x"[:60]
    assert tidy("") == "garbage"
    assert len(tidy("x" * 200)) == 60
