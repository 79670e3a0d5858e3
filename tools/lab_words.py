"""The Korean of the pictures in the lab guides.

Owns a phrase each, with the places of its figures. A phrase without one is an error, so that no picture is half Korean.
Names of services, ports, addresses and resources stay as they are.
"""

from collections.abc import Callable
from typing import Final

Say = Callable[..., str]
"""A phrase, and the figures in it -> what stands in the picture."""

_KOREAN: Final = {
    # Every picture
    "Coloured: made by this stack. Grey: was there before, or comes later.": (
        "색이 있는 것은 이 스택이 만듭니다. 회색은 이미 있거나 나중에 만듭니다."
    ),
    "{number} resources in {stack} of stage lab:": "lab 스테이지의 {stack} 리소스 {number}개:",
    # VpcStack
    "The network {cidr}: subnets in two zones, their ways out, and the security groups": (
        "네트워크 {cidr}: 가용 영역 두 곳의 서브넷, 밖으로 나가는 길, 보안 그룹"
    ),
    "Internet": "인터넷",
    "Public subnets": "퍼블릭 서브넷",
    "Private subnets": "프라이빗 서브넷",
    "Pods subnets": "파드 서브넷",
    "Data subnets": "데이터 서브넷",
    "{number} NAT gateway": "NAT 게이트웨이 {number}개",
    "the way out, never in": "나가는 길, 들어오지는 못함",
    "{number} security groups": "보안 그룹 {number}개",
    "who may talk to whom": "누가 누구와 통신하는가",
    "Log bucket, flow logs": "로그 버킷, 흐름 로그",
    "every connection, noted": "모든 연결을 기록",
    # DataStack
    "The database with its standby, the cache, the images, and where programs find their settings and secrets": (
        "대기 인스턴스가 있는 데이터베이스, 캐시, 이미지, 프로그램이 설정과 보안 암호를 찾는 곳"
    ),
    "Backend and pods": "백엔드와 파드",
    "come in labs 3 and 5": "실습 3과 5에서 만듭니다",
    "a standby in the other zone": "다른 가용 영역에 대기 인스턴스",
    "in one zone": "가용 영역 한 곳",
    "TLS and a password": "TLS와 암호",
    "{number} parameters": "파라미터 {number}개",
    "hosts, ports, names": "호스트, 포트, 이름",
    "{number} secrets": "보안 암호 {number}개",
    "passwords and keys": "암호와 키",
    "Rotation function": "교체 함수",
    "new ones every 30 days": "30일마다 새 암호로",
    "Images bucket": "이미지 버킷",
    "read through the CDN only": "CDN을 거쳐서만 읽음",
    # BackendAsgStack
    "The load balancer, two scaling groups of which one is live, and what they reach": (
        "로드 밸런서, 하나만 서비스 중인 Auto Scaling 그룹 둘, 그 뒤의 저장소"
    ),
    "comes in lab 4": "실습 4에서 만듭니다",
    "Load balancer": "로드 밸런서",
    "public subnets\nadmits CloudFront only": "퍼블릭 서브넷\nCloudFront만 허용",
    "Blue, live": "Blue, 서비스 중",
    "{kind}, at least 2\nhealth: {path}": "{kind}, 최소 2대\n상태 확인: {path}",
    "Green, idle": "Green, 대기",
    "no instance\nuntil the next release": "다음 릴리스까지\n인스턴스 없음",
    "of lab 2": "실습 2에서 만듦",
    # FrontendCdnStack
    "CloudFront in front of the site's bucket, the load balancer and the images": (
        "사이트 버킷, 로드 밸런서, 이미지 앞에 있는 CloudFront"
    ),
    "Customers": "고객",
    "one address, HTTPS": "주소 하나, HTTPS",
    "security headers": "보안 헤더",
    "Site bucket": "사이트 버킷",
    "private, for CloudFront only": "비공개, CloudFront 전용",
    "of lab 3, never cached": "실습 3에서 만듦, 캐시 안 함",
    # EksPlatformStack
    "A cluster, its nodes, and six services behind one load balancer": (
        "클러스터, 노드, 로드 밸런서 하나 뒤의 서비스 여섯 개"
    ),
    "You": "여러분",
    "from the address you stated": "지정한 IP 주소에서",
    "a path a service": "서비스마다 경로 하나",
    "control plane, by AWS": "컨트롤 플레인, AWS가 운영",
    "port {port}": "포트 {port}",
    "{number} nodes": "노드 {number}대",
    "{kind}\n{least} to {most}": "{kind}\n{least}~{most}대",
    # MonitoringStack
    "From the alarms of all stacks to people: pages, topics, notifier": (
        "모든 스택의 경보에서 사람까지: 호출 경보, 주제, 알림 함수"
    ),
    "The five other stacks": "다른 다섯 스택",
    "metrics, logs, events": "지표, 로그, 이벤트",
    "{number} alarms": "경보 {number}개",
    "from one table": "표 하나에서",
    "{number} pages": "호출 경보 {number}개",
    "what wakes somebody": "사람을 깨우는 것",
    "{number} topics": "주제 {number}개",
    "a severity each": "심각도별로 하나",
    "Notifier": "알림 함수",
    "one message an incident": "장애 하나에 메시지 하나",
    "People": "사람",
    "e-mail, Slack, PagerDuty": "이메일, Slack, PagerDuty",
    "{number} dashboards": "대시보드 {number}개",
    "the overview first": "개요부터",
    "{number} event rules": "이벤트 규칙 {number}개",
    "what happened, and when": "언제 무슨 일이 있었는지",
    # What resources are called in numbers: `tools.capabilities`
    "CDN": "CDN",
    "DNS": "DNS",
    "NAT": "NAT",
    "add-ons": "추가 기능",
    "alarms": "경보",
    "buckets": "버킷",
    "budget": "예산",
    "cache": "캐시",
    "charts": "차트",
    "cluster": "클러스터",
    "dashboards": "대시보드",
    "database": "데이터베이스",
    "deploy-time steps": "배포 중 작업",
    "documents": "문서",
    "endpoints": "엔드포인트",
    "event rules": "이벤트 규칙",
    "firewall rules": "방화벽 규칙",
    "fleet care": "서버 관리",
    "flow logs": "흐름 로그",
    "functions": "함수",
    "image repositories": "이미지 리포지토리",
    "keys": "키",
    "launch templates": "시작 템플릿",
    "load balancing": "로드 밸런싱",
    "logs": "로그",
    "manifests": "매니페스트",
    "network": "네트워크",
    "node groups": "노드 그룹",
    "parameters": "파라미터",
    "queues": "대기열",
    "releases": "릴리스",
    "roles and policies": "역할과 정책",
    "saved queries": "저장된 쿼리",
    "scaling groups": "Auto Scaling 그룹",
    "scaling policies": "조정 정책",
    "secrets": "보안 암호",
    "security groups": "보안 그룹",
    "subnets": "서브넷",
    "tables": "테이블",
    "topics": "주제",
    "trace groups": "추적 그룹",
}


def english(phrase: str, **figures: object) -> str:
    """As it is."""
    return phrase.format(**figures)


def korean(phrase: str, **figures: object) -> str:
    """Raises `KeyError` for a phrase that nobody has put into Korean."""
    return _KOREAN[phrase].format(**figures)


PHRASES: Final = frozenset(_KOREAN)
SAY: Final[dict[str, Say]] = {"en": english, "ko": korean}
