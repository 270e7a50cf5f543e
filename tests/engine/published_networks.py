"""Published cells and the learnable parameters of their networks, recomputed with the official model definitions.

DARTS_PT    the 56 genotypes published with Wang et al. 2021: name, normal, reduce, parameters at 36 channels and 20
            layers and at 16 and 8; 100 classes where the name says c100, else 10
S5_LOGITS, S5_AUXILIARY   the first sample's outputs of darts_pt_s5_0 with 4 channels and 5 layers (tests.engine.golden)
OTHERS      well-known cells of other methods at 36 channels and 20 layers, 10 classes
genotype    normal and reduce as a Genotype: nodes 2 to 5, each `op@source+op@source`

The auxiliary head is not counted, as in the papers.
"""

from engine.selection.genotype import Genotype

OPERATIONS = {
    "s3": "sep_conv_3x3",
    "s5": "sep_conv_5x5",
    "d3": "dil_conv_3x3",
    "d5": "dil_conv_5x5",
    "sk": "skip_connect",
    "mp": "max_pool_3x3",
    "ap": "avg_pool_3x3",
}


def genotype(normal: str, reduce: str) -> Genotype:
    def pairs(text: str) -> list[tuple[str, int]]:
        edges = (edge.split("@") for node in text.split() for edge in node.split("+"))
        return [(OPERATIONS[code], int(source)) for code, source in edges]

    return Genotype({"normal": pairs(normal), "reduce": pairs(reduce)})


DARTS_PT: tuple[tuple[str, str, str, int, int], ...] = (
    (
        "darts_pt_s1_1",
        "sk@0+sk@1 sk@0+sk@1 sk@0+sk@1 d3@3+d5@4",
        "mp@0+d3@1 mp@0+mp@1 s3@1+sk@3 sk@2+d5@3",
        1870822,
        156986,
    ),
    (
        "darts_pt_s1_2",
        "d3@0+sk@1 sk@0+sk@2 sk@0+sk@3 d3@3+d5@4",
        "mp@0+mp@1 mp@0+mp@1 s3@1+sk@2 sk@2+d5@4",
        2022454,
        164026,
    ),
    (
        "darts_pt_s2_1",
        "sk@0+sk@1 s3@0+sk@2 s3@1+sk@3 s3@1+s3@4",
        "s3@0+s3@1 s3@0+sk@2 s3@0+sk@2 s3@1+sk@4",
        3092518,
        268218,
    ),
    (
        "darts_pt_s2_2",
        "sk@0+s3@1 sk@1+sk@2 s3@0+sk@3 sk@3+s3@4",
        "s3@0+s3@1 s3@0+sk@2 s3@1+s3@3 s3@1+sk@3",
        2789254,
        254138,
    ),
    (
        "darts_pt_s3_1",
        "s3@0+s3@1 s3@0+sk@1 sk@0+sk@2 s3@0+s3@1",
        "s3@0+sk@1 s3@0+sk@2 s3@0+sk@3 sk@3+s3@4",
        3422134,
        287610,
    ),
    (
        "darts_pt_s3_2",
        "s3@0+s3@1 sk@0+s3@1 sk@0+s3@3 s3@1+sk@4",
        "s3@0+s3@1 s3@0+sk@1 s3@0+s3@1 s3@2+sk@3",
        3535318,
        312314,
    ),
    (
        "darts_pt_s4_1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@1+s3@2",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@3 s3@0+s3@1",
        4701718,
        411002,
    ),
    (
        "darts_pt_s4_2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@3 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@2",
        4701718,
        411002,
    ),
    (
        "blank_pt_s1_1",
        "sk@0+d5@1 s3@1+sk@2 mp@0+sk@3 s3@0+mp@1",
        "ap@0+mp@1 mp@0+mp@1 sk@2+d5@3 d5@2+sk@3",
        2357470,
        185818,
    ),
    (
        "blank_pt_s1_2",
        "sk@0+sk@1 s3@1+sk@2 mp@0+s3@1 sk@2+d5@3",
        "ap@0+d3@1 mp@1+d5@2 ap@0+sk@3 sk@2+d5@3",
        2385766,
        191994,
    ),
    (
        "blank_pt_s2_1",
        "s3@0+s3@1 sk@0+sk@2 s3@1+s3@2 s3@0+sk@3",
        "s3@0+s3@1 s3@1+sk@2 s3@0+sk@3 s3@2+sk@4",
        3452374,
        294650,
    ),
    (
        "blank_pt_s2_2",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@1 s3@0+sk@4",
        "s3@0+s3@1 s3@0+s3@2 s3@0+sk@1 s3@1+s3@2",
        4311622,
        377530,
    ),
    (
        "blank_pt_s3_1",
        "s3@0+sk@1 sk@0+s3@1 s3@0+sk@2 sk@3+sk@4",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@1 s3@1+s3@3",
        2902438,
        278842,
    ),
    (
        "blank_pt_s3_2",
        "s3@0+s3@1 s3@0+sk@1 s3@0+s3@1 sk@0+s3@2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+sk@3 sk@2+sk@3",
        3812230,
        321082,
    ),
    (
        "blank_pt_s4_1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@3 s3@0+s3@1",
        4701718,
        411002,
    ),
    (
        "blank_pt_s4_2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        4701718,
        411002,
    ),
    (
        "darts_pt_s1_c100_1",
        "sk@0+sk@1 d5@0+sk@2 s3@2+sk@3 s3@0+sk@2",
        "mp@0+mp@1 mp@1+d5@2 s3@1+sk@2 sk@2+d5@3",
        2465992,
        221300,
    ),
    (
        "darts_pt_s1_c100_2",
        "d3@0+sk@1 sk@0+sk@2 sk@0+d3@3 sk@2+d5@3",
        "ap@0+mp@1 mp@0+d5@2 ap@0+s3@1 mp@1+sk@4",
        2074384,
        187156,
    ),
    (
        "darts_pt_s2_c100_1",
        "sk@0+s3@1 s3@0+sk@2 s3@1+sk@3 sk@3+s3@4",
        "s3@0+s3@1 sk@0+sk@2 sk@0+sk@3 s3@2+sk@4",
        3083968,
        277268,
    ),
    (
        "darts_pt_s2_c100_2",
        "sk@0+s3@1 s3@0+sk@2 sk@2+s3@3 sk@3+s3@4",
        "s3@0+s3@1 sk@1+sk@2 s3@1+sk@3 s3@0+sk@3",
        3114208,
        284308,
    ),
    (
        "darts_pt_s3_c100_1",
        "s3@0+s3@1 s3@0+s3@1 sk@0+sk@1 s3@0+s3@1",
        "s3@0+sk@1 s3@0+sk@2 sk@2+s3@3 s3@1+sk@3",
        3833920,
        337172,
    ),
    (
        "darts_pt_s3_c100_2",
        "s3@0+sk@1 s3@0+sk@1 s3@0+s3@3 s3@1+sk@4",
        "s3@0+sk@1 s3@0+sk@2 sk@1+sk@3 s3@2+sk@4",
        3443824,
        303700,
    ),
    (
        "darts_pt_s4_c100_1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        4753648,
        434132,
    ),
    (
        "darts_pt_s4_c100_2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@2 s3@0+s3@4",
        4753648,
        434132,
    ),
    (
        "blank_pt_s1_c100_1",
        "sk@0+d5@1 s3@1+sk@2 mp@0+sk@3 s3@0+mp@1",
        "mp@0+d3@1 mp@1+sk@2 s3@1+d5@3 sk@3+sk@4",
        2462536,
        219764,
    ),
    (
        "blank_pt_s1_c100_2",
        "sk@0+d5@1 sk@0+s3@1 mp@0+sk@3 s3@0+mp@1",
        "mp@0+d3@1 ap@1+sk@2 mp@1+d5@3 d5@2+sk@3",
        2437696,
        215124,
    ),
    (
        "blank_pt_s2_c100_1",
        "sk@0+s3@1 s3@0+sk@2 s3@0+s3@1 sk@3+sk@4",
        "s3@0+s3@1 s3@0+s3@1 s3@1+sk@2 sk@3+sk@4",
        3144448,
        291348,
    ),
    (
        "blank_pt_s2_c100_2",
        "sk@0+s3@1 s3@0+sk@2 sk@0+s3@1 sk@3+sk@4",
        "s3@0+s3@1 s3@0+s3@1 s3@1+sk@2 s3@2+sk@4",
        2841184,
        277268,
    ),
    (
        "blank_pt_s3_c100_1",
        "s3@0+s3@1 sk@0+sk@2 s3@0+s3@1 s3@0+s3@4",
        "s3@0+sk@1 s3@0+s3@1 sk@2+s3@3 s3@1+sk@3",
        3890512,
        349524,
    ),
    (
        "blank_pt_s3_c100_2",
        "s3@0+s3@1 sk@0+s3@1 sk@0+s3@3 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@2+sk@3 sk@0+s3@1",
        3947104,
        361876,
    ),
    (
        "blank_pt_s4_c100_1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@3 s3@0+s3@1",
        4753648,
        434132,
    ),
    (
        "blank_pt_s4_c100_2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@1 s3@0+s3@1",
        4753648,
        434132,
    ),
    (
        "darts_pt_s1_svhn_1",
        "sk@0+sk@1 d5@0+sk@2 mp@0+s3@2 d3@3+d3@4",
        "mp@0+d3@1 ap@1+d5@2 sk@2+d5@3 ap@0+sk@4",
        2385766,
        191994,
    ),
    (
        "darts_pt_s1_svhn_2",
        "sk@0+sk@1 d5@0+sk@2 mp@0+sk@3 d3@3+d3@4",
        "ap@0+mp@1 ap@0+d5@2 s3@1+d5@3 sk@3+sk@4",
        2054206,
        171738,
    ),
    (
        "darts_pt_s2_svhn_1",
        "s3@0+sk@1 sk@0+sk@2 s3@0+sk@3 s3@1+s3@4",
        "s3@0+sk@1 sk@0+s3@2 sk@2+s3@3 sk@3+s3@4",
        3088630,
        266490,
    ),
    (
        "darts_pt_s2_svhn_2",
        "sk@0+sk@1 s3@0+sk@2 s3@0+s3@3 s3@2+sk@4",
        "s3@0+sk@1 sk@0+sk@2 s3@1+s3@2 s3@0+s3@4",
        3145222,
        278842,
    ),
    (
        "darts_pt_s3_svhn_1",
        "s3@0+sk@1 s3@1+s3@2 sk@2+sk@3 s3@3+s3@4",
        "s3@0+sk@1 sk@1+s3@2 sk@2+s3@3 s3@3+s3@4",
        3505078,
        305274,
    ),
    (
        "darts_pt_s3_svhn_2",
        "sk@0+sk@1 sk@0+sk@1 s3@1+s3@3 s3@0+sk@4",
        "sk@0+s3@1 s3@1+s3@2 s3@2+s3@3 sk@2+s3@4",
        2815606,
        259450,
    ),
    (
        "darts_pt_s4_svhn_1",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@1+s3@2",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@3 s3@0+s3@1",
        4701718,
        411002,
    ),
    (
        "darts_pt_s4_svhn_2",
        "s3@0+s3@1 s3@0+s3@2 s3@1+s3@3 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@2 s3@0+s3@2 s3@1+s3@3",
        4701718,
        411002,
    ),
    (
        "blank_pt_s1_svhn_1",
        "d3@0+d5@1 s3@1+sk@2 s3@2+sk@3 d5@3+d5@4",
        "ap@0+mp@1 ap@1+sk@2 sk@2+d5@3 sk@3+d5@4",
        2945638,
        232634,
    ),
    (
        "blank_pt_s1_svhn_2",
        "d3@0+d5@1 s3@1+d3@2 s3@1+s3@2 s3@0+mp@1",
        "ap@0+d3@1 mp@0+ap@1 ap@0+sk@2 mp@1+d5@4",
        3433582,
        263578,
    ),
    (
        "blank_pt_s2_svhn_1",
        "s3@0+s3@1 sk@1+s3@2 s3@1+s3@2 s3@1+s3@3",
        "s3@0+sk@1 s3@0+s3@2 s3@2+s3@3 sk@2+sk@4",
        4198438,
        352826,
    ),
    (
        "blank_pt_s2_svhn_2",
        "s3@0+s3@1 s3@1+s3@2 s3@1+s3@3 s3@3+sk@4",
        "s3@0+s3@1 s3@0+s3@2 sk@1+s3@3 s3@0+sk@2",
        4255030,
        365178,
    ),
    (
        "blank_pt_s3_svhn_1",
        "s3@0+s3@1 s3@1+sk@2 s3@0+sk@3 s3@1+s3@3",
        "s3@0+s3@1 sk@1+s3@2 s3@2+s3@3 sk@2+s3@4",
        3895174,
        338746,
    ),
    (
        "blank_pt_s3_svhn_2",
        "s3@0+s3@1 s3@0+s3@1 s3@1+s3@2 s3@0+s3@1",
        "s3@0+s3@1 sk@1+s3@2 sk@0+s3@3 s3@2+s3@4",
        4641238,
        396922,
    ),
    (
        "blank_pt_s4_svhn_1",
        "s3@0+s3@1 s3@0+s3@1 s3@1+s3@2 s3@0+s3@1",
        "s3@0+s3@1 s3@1+s3@2 s3@1+s3@3 s3@0+s3@2",
        4701718,
        411002,
    ),
    (
        "blank_pt_s4_svhn_2",
        "s3@0+s3@1 s3@0+s3@1 s3@0+s3@1 s3@0+s3@1",
        "s3@0+s3@1 s3@0+s3@1 s3@2+s3@3 s3@1+s3@4",
        4701718,
        411002,
    ),
    (
        "darts_pt_s5_0",
        "s3@0+s3@1 s5@0+d3@1 sk@0+sk@2 sk@0+mp@4",
        "s3@0+ap@1 d5@1+d3@2 ap@0+mp@2 s3@2+sk@4",
        2851246,
        239002,
    ),
    (
        "darts_pt_s5_1",
        "s3@0+s3@1 s3@0+d3@1 mp@0+sk@2 sk@0+d3@4",
        "d5@0+ap@1 mp@0+s5@2 mp@1+d3@3 s5@0+s3@4",
        3053206,
        263546,
    ),
    (
        "darts_pt_s5_2",
        "sk@0+s3@1 s3@0+d3@1 sk@2+d3@3 mp@1+sk@2",
        "ap@0+mp@1 ap@0+s3@1 d5@2+sk@3 s3@2+s5@4",
        2658142,
        227866,
    ),
    (
        "darts_pt_s5_3",
        "s3@0+s3@1 s3@0+s3@1 sk@0+sk@2 s3@1+sk@3",
        "ap@0+s5@1 mp@1+sk@2 d5@1+mp@3 s5@2+sk@3",
        3328174,
        271450,
    ),
    (
        "blank_pt_s5_0",
        "s3@0+s5@1 s3@0+s3@1 ap@1+sk@3 mp@0+ap@2",
        "sk@0+s5@1 d3@1+s5@2 mp@0+sk@3 mp@0+mp@2",
        3039598,
        255962,
    ),
    (
        "blank_pt_s5_1",
        "ap@0+ap@1 s3@0+mp@2 sk@2+s3@3 s5@0+s5@1",
        "mp@0+d5@1 s3@0+sk@1 ap@2+mp@3 s5@3+s5@4",
        3148030,
        277018,
    ),
    (
        "blank_pt_s5_2",
        "ap@0+d3@1 s5@0+mp@1 mp@0+sk@1 s5@1+ap@2",
        "s3@0+ap@1 ap@0+s5@1 mp@0+s5@3 mp@2+d5@4",
        2581894,
        232058,
    ),
    (
        "blank_pt_s5_3",
        "s3@0+s3@1 s3@0+sk@1 mp@2+s3@3 ap@0+s5@1",
        "d5@0+s5@1 s5@0+d3@1 ap@1+sk@2 mp@0+sk@4",
        3404854,
        284794,
    ),
)
OTHERS: tuple[tuple[str, str, str, int], ...] = (
    (
        "DARTS_V1",
        "s3@1+s3@0 sk@0+s3@1 sk@0+s3@1 s3@0+sk@2",
        "mp@0+mp@1 sk@2+mp@0 mp@0+sk@2 sk@2+ap@0",
        3169414,
    ),
    (
        "DARTS_V2",
        "s3@0+s3@1 s3@0+s3@1 s3@1+sk@0 sk@0+d3@2",
        "mp@0+mp@1 sk@2+mp@1 mp@0+sk@2 sk@2+mp@1",
        3349342,
    ),
    ("PC_DARTS_cifar", "s3@1+sk@0 s3@0+d3@1 s5@0+s3@1 ap@0+d3@1", "s5@1+mp@0 s5@1+s5@2 s3@0+s3@3 s3@1+s3@2", 3634678),
    (
        "SGAS_Cri1_CIFAR_Best",
        "s3@0+d3@1 s3@0+s3@1 s5@1+s5@3 sk@0+d5@2",
        "mp@0+d5@1 s3@0+sk@2 s3@1+sk@2 mp@0+mp@1",
        3795166,
    ),
    (
        "SGAS_Cri2_CIFAR_Best",
        "s3@0+s3@1 s3@0+s3@2 mp@0+s3@3 s3@2+s3@3",
        "s3@0+mp@1 d3@0+mp@1 mp@0+s3@2 mp@0+s5@2",
        4094110,
    ),
    ("DrNAS_cifar10", "s3@0+s5@1 s3@1+s3@2 sk@0+s3@1 s3@2+d5@3", "mp@0+s5@1 d5@2+s5@1 s5@1+d5@3 sk@4+s5@1", 4099294),
)

S5_LOGITS = (-0.444215, -0.016070, 0.422235, 0.593602, 0.389693, -0.060581, -0.472555, -0.585779, -0.328672, 0.136222)
S5_AUXILIARY = (0.122538, -0.081370, 0.028126, 0.029292, -0.082363, 0.123210, -0.145773, 0.146702, -0.125860, 0.086340)
