"""The table of bad input: what is given, and what the one line says about it. The cluster's is in `eks_refusals`."""

from typing import Final

from tests.settings.eks_refusals import EKS
from tests.settings.refusal import Refusal
from tests.settings.refusal import of as _of

LOADING: Final = {
    "a cap that caps nothing": _of("cost.month_cap_usd", "given inf", "a number, 0 or more", cost__month_cap_usd="inf"),
    "unknown stage": _of("stage", "given production", "lab, dev, staging, prod", "-c stage=prod", stage="production"),
    "stage of a wrong type": _of("stage", "lab, dev, staging, prod", stage=["lab"]),
    "unknown key": _of("databse.proxy", "that no setting has", "database.proxy", databse__proxy="true"),
    "unknown key, nothing near": _of("zzzz", "that no setting has", "settings/stages/", zzzz="1"),
    "unknown key of two lines": Refusal({"foo\nbar": "1"}, "'foo\\nbar'", ("that no setting has",)),
    "below a value": _of("backend.min.x", "backend.min", backend__min__x="1"),
    "empty part of a name": Refusal({"backend.": "1"}, "backend.", ("backend.max",)),
    "a group": _of("domain", "the name of a group", "domain.name, domain.zone_id", domain="x.example.com"),
    "a group with free names": _of("eks.services.auth", "eks.services.auth.cpu_limit", eks__services__auth="3001"),
    "a table of a group": Refusal({"backend": {"mim": 1}}, "backend.mim", ("backend.min",)),
    "text for a number": _of("backend.max", "given many", "a whole number from 1 to 100", backend__max="many"),
    "fraction for a whole number": _of("backend.max", "given 2.5", "a whole number", backend__max="2.5"),
    "nothing for a number": _of("backend.max", "given ''", "a whole number", backend__max=""),
    "text for true or false": _of("database.proxy", "given maybe", "true or false", database__proxy="maybe"),
    "text for a fraction": _of("database.aurora_max_acu", "a number from 1 to 256", database__aurora_max_acu="x"),
    "text for a network": _of("network.cidr", "given ten", "CIDR notation", network__cidr="ten"),
    "host bits": _of("sources", "given 203.0.113.7/24", "203.0.113.0/24 in sources", sources="203.0.113.7/24"),
    "one network too few": _of("network.data", "2 values with a comma between", network__data="10.0.20.0/24"),
    "one network too many": _of("network.data", "2 values", network__data="10.0.20.0/24,10.0.21.0/24,10.0.22.0/24"),
    "list for a number": _of("backend.max", "given 1,2", "a whole number", backend__max=[1, 2]),
    "nothing at all": _of("backend.max", "given nothing", "a whole number", backend__max=None),
    "unknown choice": _of("database.engine", "postgres, aurora", "-c database.engine=aurora", database__engine="auror"),
    "unknown class": _of("backend.instance_type", "t3.micro", "-c backend.inst", backend__instance_type="t3.mikro"),
    "unknown class in a list": _of(
        "eks.spot.instance_types", "given m1.tiny", "t3.medium", eks__spot__instance_types="t3.medium,m1.tiny"
    ),
    "no class": _of("eks.spot.instance_types", "one value or more", eks__spot__instance_types=""),
    "log retention": _of("log_retention_days", "given 8", "1, 3, 5, 7, 14", log_retention_days="8"),
    "backups below 1": _of("database.backup_days", "given 0", "from 1 to 35", "days=1", database__backup_days="0"),
    "backups above 35": _of("database.backup_days", "given 36", "from 1 to 35", "=35", database__backup_days="36"),
    "a lifetime that no tag says": _of("lifetime_hours", "given 10000", "from 0 to 9999", lifetime_hours="10000"),
    "availability too high": _of(
        "monitoring.availability_slo", "a number from 90 to 99.99", monitoring__availability_slo="99.999"
    ),
    "name with capitals": _of("name", "given Team_3", "lower-case letters", "-c name=team3", name="Team_3"),
    "empty name": _of("name", "given ''", "lower-case letters", name=""),
    "name with a line break": _of("name", "given 'a\\nb'", "lower-case letters", name="a\nb"),
    "account": _of("account", "given 1234", "twelve digits", account="1234"),
    "no application": _of("backend.application", "given ''", "container image", "=shop", backend__application=""),
    "window": _of("database.backup_window", "HH:MM-HH:MM", "17:00-18:00", database__backup_window="25:00-26:00"),
    "time of the week": _of("backend.patch_window", "ddd:HH:MM", "wed:03:00", backend__patch_window="wed 3am"),
    "country": _of("frontend.geo_block", "given kp", "two capital letters", web_acls="true", frontend__geo_block="kp"),
    "front end of two lines": _of("frontend.dist", "build folder", "'a\\nb'", frontend__dist="a\nb"),
    "header with quotes": _of(
        "frontend.content_security_policy", "'frontend.content", frontend__content_security_policy="none"
    ),
    "stack that cannot be skipped": _of("skip", "given EdgeStack", "EksPlatformStack", skip="EdgeStack"),
    "service half told": _of(
        "eks.services.search.path", "given nothing", "/api/search", eks__services__search__port="3007"
    ),
    "domain half told": _of("domain.zone_id", "given nothing", "hosted zone", domain__name="shop.example.com"),
    "name of a service": _of("eks.services", "given Search", "lower-case", eks__services__Search__port="3007"),
    "name of an add-on": _of("eks.addons", "given cni", "vpc-cni", eks__addons__cni="v1.0.0-eksbuild.1"),
}

CHECKS: Final = EKS | {
    "the internet as a source": _of("sources", "0.0.0.0/0", "not the internet", "203.0.113.7/32", sources="0.0.0.0/0"),
    "half of it": _of("sources", "0.0.0.0/1", "/8 or smaller", sources="0.0.0.0/1,128.0.0.0/1"),
    "network larger than a VPC": _of("network.cidr", "10.0.0.0/8", "/16 to /24", network__cidr="10.0.0.0/8"),
    "subnet outside": _of("network.public", "inside network.cidr", network__public="10.1.1.0/24,10.0.2.0/24"),
    "subnet too small": _of("network.public", "/27 or larger", network__public="10.0.1.0/28,10.0.2.0/24"),
    "pods inside the network": _of(
        "network.pods_cidr",
        "apart from network.cidr",
        network__pods_cidr="10.0.0.0/16",
        network__pods="10.0.64.0/18,10.0.128.0/18",
    ),
    "overlapping subnets": _of(
        "network.private", "do not overlap; network.public 10.0.1.0/24", network__private="10.0.1.0/24,10.0.11.0/24"
    ),
    "one zone twice": _of("network.zones", "two different zones", network__zones="ap-northeast-2a,ap-northeast-2a"),
    "zone elsewhere": _of("network.zones", "region ap-northeast-2", network__zones="ap-northeast-2a,us-east-1a"),
    "network too small for its nodes": _of(
        "network.private",
        "addresses",
        "larger network",
        stage="prod",
        network__private="10.0.10.0/26,10.0.11.0/26",
        backend__max="40",
    ),
    "network too small for its pods": _of(
        "network.pods", "pods of all nodes", stage="prod", network__pods="100.64.0.0/24,100.64.1.0/24"
    ),
    "backend min above max": _of("backend.min", "given 5", "less than backend.max, which is 4", backend__min="5"),
    "Aurora min above max": _of("database.aurora_min_acu", "aurora_max_acu", database__aurora_min_acu="8"),
    "storage ceiling too low": _of("database.max_storage_gb", "use 22", database__max_storage_gb="21"),
    "pools behind the proxy": _of("database.shop_pool", "10 to 20 behind RDS Proxy", database__proxy="true"),
    "pools above max_connections": _of(
        "database.shop_pool", "max_connections 80 of db.t3.micro", "database.proxy=true", database__shop_pool="20"
    ),
    "pools above max_connections during a release": _of(
        "database.shop_pool",
        "sum to 91 connections (shop 16, services 65, reserve 10)",
        "max_connections 80",
        stage="dev",
        eks__services__auth__hpa_max="15",
        eks__services__event__hpa_max="15",
    ),
    "pools to a replica behind no proxy": _of(
        "database.reader_pool",
        "sum to 110 connections to a reader",
        "max_connections 100 of db.t3.medium",
        stage="prod",
        database__read_replicas="1",
        database__reader_pool="5",
    ),
    "pools to Aurora's standby": _of(
        "database.reader_pool",
        "max_connections 100",
        stage="prod",
        database__engine="aurora",
        database__reader_pool="5",
    ),
    "name too long": _of(
        "name", "a name of at most 21", "-c name=a-name-for-a-load-bal", name="a-name-for-a-load-balancer"
    ),
    "a needed stack skipped": _of("skip", "DataStack needs VpcStack", "add DataStack to skip", skip="VpcStack"),
    "geo blocking without web ACL": _of("frontend.geo_block", "add -c web_acls=true", frontend__geo_block="KP"),
    "region without a prefix list": _of(
        "region", "known CloudFront prefix list", region="sa-east-1", network__zones="sa-east-1a,sa-east-1c"
    ),
    "shards without failover": _of("cache.replicas", "cluster mode", cache__shards="2"),
    "copies into the same region": _of(
        "backup.copy_region", "another region", stage="prod", backup__copy_region="ap-northeast-2"
    ),
    "drill without a plan": _of(
        "backup.drill", "only with a backup plan", "add -c backup.plan=true", backup__drill="true"
    ),
    "drill with Aurora": _of(
        "backup.drill",
        "only with database.engine=postgres",
        "backup.drill=false",
        stage="prod",
        database__engine="aurora",
    ),
    "name that ends like a stage": _of("name", "stage lab of team", "-c name=teamlab", name="team-lab"),
    "name with a stage in it": _of("name", "stage dev of team-1", "-c name=team-1dev-x", name="team-1-dev-x"),
    "canary without the CDN": _of(
        "monitoring.canary_minutes",
        "given 5",
        "0 without FrontendCdnStack and MonitoringStack",
        "-c monitoring.canary_minutes=0",
        monitoring__canary_minutes="5",
        skip="FrontendCdnStack",
    ),
    "canary where nights are off": _of(
        "monitoring.canary_minutes",
        "0 where the stage sleeps",
        "-c off_hours=false",
        stage="dev",
        monitoring__canary_minutes="5",
    ),
    "copies without a plan": _of("backup.copy_region", "add -c backup.plan=true", backup__copy_region="us-west-2"),
    "two regional NAT gateways": _of(
        "network.regional_nat", "nat_gateways=1", stage="prod", network__regional_nat="true"
    ),
    "application that is not there": _of(
        "backend.application", "given my-shop, which is no folder", "an image", backend__application="my-shop"
    ),
    "folder that is no application": _of("backend.application", "whose bin/start", backend__application="docs"),
    "image without its tag": _of("backend.application", "registry/name:tag", backend__application="nginx:"),
    "image by its tag where data is kept": _of(
        "backend.application",
        "with its digest where data is kept",
        "add the digest",
        stage="prod",
        backend__application="nginx:1.27",
    ),
    "private image of another account": _of(
        "backend.application",
        "registry of account 123456789012",
        "one of account 210987654321",
        account="210987654321",
        backend__application="123456789012.dkr.ecr.ap-northeast-2.amazonaws.com/shop:1",
    ),
    "front end that is not there": _of(
        "frontend.dist", "given web/dist, which is no folder", "build the front end", frontend__dist="web/dist"
    ),
    "folder that is no front end": _of("frontend.dist", "given docs, which holds no index.html", frontend__dist="docs"),
    "replicas that nobody reads": _of(
        "database.read_replicas",
        "given 2",
        "at most 1 with engine postgres",
        "-c database.read_replicas=1",
        database__read_replicas="2",
    ),
    "a janitor where nothing has a lifetime": _of("lab_account", "true in stage dev", stage="dev", lab_account="true"),
    "a pipeline for students' copies": _of(
        "delivery.github_repository", "nothing in lab", delivery__github_repository="example/cloudmart"
    ),
    "replicas of what stops at night": _of(
        "database.read_replicas",
        "off_hours",
        stage="dev",
        database__engine="aurora",
        database__read_replicas="1",
    ),
}
"""Every check over several values has its case; a test compares with the source."""

ALL: Final = LOADING | CHECKS
