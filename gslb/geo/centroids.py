"""Where a country is, for networks of which nothing but the country is known.

Approximate centres of where people live rather than of the area: a client in Russia is west of the Urals more
often than not. All of ISO 3166-1, and XK (Kosovo), which databases use.
"""

from __future__ import annotations

from gslb.model import Location

_TABLE = """
AD 42.5 1.5    AE 24.9 55.1   AF 34.5 67.5   AG 17.1 -61.8  AI 18.2 -63.1  AL 41.2 20.0   AM 40.2 44.6
AO -11.0 15.0  AQ -80.0 0.0   AR -34.0 -61.0 AS -14.3 -171  AT 47.8 15.0   AU -33.5 147.0 AW 12.5 -70.0
AX 60.2 20.0   AZ 40.4 48.5   BA 44.2 17.9   BB 13.2 -59.5  BD 23.8 90.3   BE 50.8 4.5    BF 12.4 -1.6
BG 42.7 25.0   BH 26.1 50.5   BI -3.3 29.9   BJ 8.0 2.3     BL 17.9 -62.8  BM 32.3 -64.8  BN 4.8 114.8
BO -17.3 -65.6 BQ 12.2 -68.3  BR -18.0 -46.5 BS 24.8 -77.6  BT 27.4 90.1   BV -54.4 3.4   BW -23.5 26.0
BY 53.6 27.8   BZ 17.4 -88.5  CA 47.5 -85.0  CC -12.2 96.8  CD -3.5 22.5   CF 5.5 18.5    CG -3.5 15.0
CH 47.0 8.0    CI 6.6 -5.3    CK -21.2 -160  CL -34.0 -71.2 CM 5.0 11.5    CN 32.0 114.0  CO 5.5 -74.6
CR 9.9 -84.0   CU 22.2 -79.6  CV 15.1 -23.6  CW 12.2 -69.0  CX -10.5 105.6 CY 35.0 33.2   CZ 49.8 15.2
DE 50.8 9.7    DJ 11.6 42.9   DK 55.8 10.6   DM 15.4 -61.3  DO 18.8 -70.2  DZ 36.0 3.2    EC -1.4 -79.2
EE 59.0 25.6   EG 30.0 31.2   EH 24.5 -13.5  ER 15.3 38.8   ES 40.0 -3.0   ET 9.2 39.2    FI 61.5 25.0
FJ -17.9 178.2 FK -51.7 -58.5 FM 6.9 158.2   FO 62.0 -6.9   FR 47.0 2.5    GA 0.0 10.5    GB 52.8 -1.6
GD 12.1 -61.7  GE 42.0 43.7   GF 4.9 -52.5   GG 49.5 -2.6   GH 6.6 -1.1    GI 36.1 -5.4   GL 65.5 -51.0
GM 13.4 -16.2  GN 10.2 -11.5  GP 16.2 -61.5  GQ 2.5 9.8     GR 38.8 23.0   GS -54.4 -36.6 GT 14.9 -90.7
GU 13.5 144.8  GW 12.0 -15.2  GY 6.6 -58.1   HK 22.3 114.2  HM -53.1 73.5  HN 14.8 -87.0  HR 45.4 16.0
HT 18.8 -72.5  HU 47.3 19.3   ID -6.5 110.0  IE 53.2 -7.2   IL 32.0 34.9   IM 54.2 -4.5   IN 22.5 79.0
IO -7.3 72.4   IQ 33.2 44.2   IR 34.5 51.5   IS 64.3 -21.0  IT 43.0 12.0   JE 49.2 -2.1   JM 18.1 -77.2
JO 32.0 36.0   JP 35.7 137.9  KE -0.8 36.8   KG 42.2 74.0   KH 11.9 105.0  KI 1.4 173.0   KM -11.9 43.6
KN 17.3 -62.7  KP 39.4 126.2  KR 36.6 127.6  KW 29.3 47.9   KY 19.3 -81.3  KZ 47.5 71.0   LA 18.0 103.3
LB 33.9 35.7   LC 13.9 -61.0  LI 47.2 9.5    LK 7.1 80.4    LR 6.5 -10.2   LS -29.4 27.9  LT 55.2 24.1
LU 49.7 6.1    LV 56.9 24.6   LY 32.0 15.5   MA 33.3 -6.8   MC 43.7 7.4    MD 47.1 28.7   ME 42.6 19.2
MF 18.1 -63.1  MG -19.0 47.2  MH 7.1 171.3   MK 41.8 21.5   ML 12.9 -7.0   MM 19.0 96.0   MN 47.7 105.5
MO 22.2 113.5  MP 15.2 145.7  MQ 14.6 -61.0  MR 17.5 -14.0  MS 16.7 -62.2  MT 35.9 14.4   MU -20.2 57.5
MV 4.0 73.3    MW -14.2 34.8  MX 21.0 -100   MY 3.5 103.0   MZ -18.5 35.5  NA -20.5 17.0  NC -22.0 166.2
NE 13.6 5.5    NF -29.0 168.0 NG 8.6 6.5     NI 12.3 -86.0  NL 52.1 5.2    NO 60.5 9.5    NP 27.6 84.5
NR -0.5 166.9  NU -19.1 -170  NZ -39.0 174.8 OM 23.3 57.5   PA 8.9 -79.8   PE -10.5 -76.5 PF -17.6 -150
PG -6.2 145.5  PH 13.0 121.9  PK 30.8 71.8   PL 51.9 19.4   PM 46.8 -56.2  PN -25.1 -130  PR 18.3 -66.4
PS 31.9 35.1   PT 39.8 -8.5   PW 7.4 134.5   PY -25.3 -57.0 QA 25.3 51.4   RE -21.1 55.5  RO 45.7 25.3
RS 44.3 20.8   RU 55.0 47.0   RW -2.0 29.9   SA 24.0 44.5   SB -9.3 159.9  SC -4.6 55.5   SD 14.8 32.2
SE 58.8 15.7   SG 1.35 103.8  SH -15.9 -5.7  SI 46.1 14.8   SJ 78.2 15.6   SK 48.7 19.3   SL 8.5 -12.0
SM 43.9 12.5   SN 14.5 -16.0  SO 4.5 45.2    SR 5.7 -55.3   SS 7.0 30.5    ST 0.3 6.7     SV 13.7 -89.0
SX 18.0 -63.1  SY 35.0 37.2   SZ -26.4 31.4  TC 21.8 -72.0  TD 11.0 16.5   TF -49.3 69.5  TG 7.5 1.1
TH 14.6 101.0  TJ 38.6 69.5   TK -9.2 -172   TL -8.8 125.9  TM 38.5 59.5   TN 35.9 10.0   TO -20.8 -175
TR 39.6 32.5   TT 10.5 -61.3  TV -8.5 179.2  TW 24.3 120.9  TZ -5.8 35.5   UA 49.0 31.5   UG 0.9 32.3
UM 19.3 166.6  US 38.5 -93.0  UY -34.2 -56.0 UZ 40.3 67.5   VA 41.9 12.45  VC 13.2 -61.2  VE 9.7 -67.6
VG 18.4 -64.6  VI 18.0 -64.8  VN 16.0 106.5  VU -17.2 168.0 WF -13.5 -177  WS -13.8 -172  XK 42.6 20.9
YE 14.6 45.0   YT -12.8 45.2  ZA -28.0 28.0  ZM -13.9 28.2  ZW -18.6 30.3
"""

_words = _TABLE.split()
_CENTROIDS = {
    country: Location(float(latitude), float(longitude))
    for country, latitude, longitude in zip(_words[::3], _words[1::3], _words[2::3], strict=True)
}


def centroid(country: str) -> Location | None:
    """`country` is an ISO 3166-1 code of two letters, upper case. None for what is no country, like EU."""
    return _CENTROIDS.get(country)
