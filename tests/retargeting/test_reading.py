"""Skeletons of files that others made: bones by VRM's list or by names, and nothing that lies is believed."""

import numpy as np
import pytest

from signllm.errors import DataError
from signllm.retargeting.reading import AVATAR, read_map, read_rig, rig_of
from signllm.retargeting.rig import FINGER_ROLES, ROLES, SIDES
from tests.helpers import rigs

RIG = rigs.rig_of(rigs.t_pose(), 5)


def mixamo():
    names = {
        "hips": "mixamorig:Hips",
        "spine": "mixamorig:Spine",
        "chest": "mixamorig:Spine2",
        "neck": "mixamorig:Neck",
    }
    names["head"] = "mixamorig:Head"
    for side in SIDES:
        arm = {"Shoulder": "Shoulder", "UpperArm": "Arm", "LowerArm": "ForeArm", "Hand": "Hand"}
        names |= {side + part: f"mixamorig:{side.title()}{name}" for part, name in arm.items()}
        for finger, roles in FINGER_ROLES.items():
            other = {"little": "Pinky"}.get(finger, finger.title())
            names |= {side + role: f"mixamorig:{side.title()}Hand{other}{k}" for k, role in enumerate(roles, 1)}
    return names


def rigify():
    names = {"hips": "spine", "spine": "spine.001", "chest": "spine.003", "neck": "spine.005", "head": "head"}
    for side in SIDES:
        arm = {"Shoulder": "shoulder", "UpperArm": "upper_arm", "LowerArm": "forearm", "Hand": "hand"}
        names |= {side + part: f"DEF-{name}.{side[0].upper()}" for part, name in arm.items()}
        for finger, roles in FINGER_ROLES.items():
            other = {"thumb": "thumb", "little": "f_pinky"}.get(finger, f"f_{finger}")
            names |= {side + role: f"DEF-{other}.0{k}.{side[0].upper()}" for k, role in enumerate(roles, 1)}
    return names


def vroid():
    names = {"hips": "J_Bip_C_Hips", "spine": "J_Bip_C_Spine", "chest": "J_Bip_C_Chest", "neck": "J_Bip_C_Neck"}
    names["head"] = "J_Bip_C_Head"
    for side in SIDES:
        for part in ("Shoulder", "UpperArm", "LowerArm", "Hand"):
            names[side + part] = f"J_Bip_{side[0].upper()}_{part}"
        for finger, roles in FINGER_ROLES.items():
            names |= {side + role: f"J_Bip_{side[0].upper()}_{finger.title()}{k}" for k, role in enumerate(roles, 1)}
    return names


def makehuman():
    names = {"hips": "pelvis", "neck": "neck01", "head": "head"}
    for side in SIDES:
        arm = {"Shoulder": "clavicle", "UpperArm": "upperarm01", "LowerArm": "lowerarm01", "Hand": "wrist"}
        names |= {side + part: f"{name}.{side[0].upper()}" for part, name in arm.items()}
        for number, roles in enumerate(FINGER_ROLES.values(), 1):
            names |= {side + role: f"finger{number}-{k}.{side[0].upper()}" for k, role in enumerate(roles, 1)}
    return names


def smpl():
    """The names of joints, not of bones: the upper arm begins at the shoulder."""
    names = {"hips": "pelvis", "spine": "spine1", "chest": "spine2", "neck": "neck", "head": "head"}
    for side in SIDES:
        arm = {"Shoulder": "collar", "UpperArm": "shoulder", "LowerArm": "elbow", "Hand": "wrist"}
        names |= {side + part: f"{side}_{name}" for part, name in arm.items()}
        for finger, roles in FINGER_ROLES.items():
            other = {"little": "pinky"}.get(finger, finger)
            names |= {side + role: f"{side}_{other}{k}" for k, role in enumerate(roles[:3], 1)}
    return names


def biped():
    """3ds Max: Finger0 is the thumb, Finger01 its second bone, Finger0Nub its end."""
    names = {"hips": "Bip01 Pelvis", "spine": "Bip01 Spine", "chest": "Bip01 Spine1", "neck": "Bip01 Neck"}
    names["head"] = "Bip01 Head"
    for side in SIDES:
        arm = {"Shoulder": "Clavicle", "UpperArm": "UpperArm", "LowerArm": "Forearm", "Hand": "Hand"}
        names |= {side + part: f"Bip01 {side[0].upper()} {name}" for part, name in arm.items()}
        for number, roles in enumerate(FINGER_ROLES.values()):
            ends = ("", "1", "2", "Nub")
            names |= {
                side + role: f"Bip01 {side[0].upper()} Finger{number}{end}"
                for role, end in zip(roles, ends, strict=True)
            }
    return names


def daz():
    names = {"hips": "hip", "spine": "spine1", "chest": "chestLower", "neck": "neckLower", "head": "head"}
    for side in SIDES:
        arm = {"Shoulder": "Collar", "UpperArm": "ShldrBend", "LowerArm": "ForearmBend", "Hand": "Hand"}
        names |= {side + part: side[0] + name for part, name in arm.items()}
        for finger, roles in FINGER_ROLES.items():
            other = {"little": "Pinky", "middle": "Mid"}.get(finger, finger.title())
            names |= {side + role: f"{side[0]}{other}{k}" for k, role in enumerate(roles, 1)}
    return names


NAMED = {
    **{"mixamo": mixamo(), "rigify": rigify(), "vroid": vroid(), "makehuman": makehuman()},
    **{"smpl": smpl(), "biped": biped(), "daz": daz()},
}


@pytest.mark.parametrize("names", NAMED.values(), ids=NAMED)
def test_bones_are_found_by_the_names_of_programs(names):
    rig = rig_of(rigs.glb_of(RIG, names))
    found = {role: rig.names[bone] for role, bone in rig.roles.items()}
    spine = {"spine", "chest", "upperChest", "neck"}  # these depend on how many spine bones there are
    assert {role: name for role, name in found.items() if role not in spine} == {
        role: names.get(role, role) for role in RIG.names if role not in spine
    }


def test_a_shoulder_that_carries_a_forearm_is_the_upper_arm_and_no_collar_bone():
    joints = {"Shoulder": "armature", "UpperArm": "shoulder", "LowerArm": "elbow", "Hand": "wrist"}
    plain = {f"{side}{part}": f"{side} {name}" for side in SIDES for part, name in joints.items()}
    rig = rig_of(rigs.glb_of(RIG, plain))
    assert rig.names[rig.roles["leftUpperArm"]] == "left shoulder"
    assert "leftShoulder" not in rig.roles
    between = {"leftShoulder": "left shoulder", "leftUpperArm": "left something"}
    with pytest.raises(DataError, match="no bones were found for leftUpperArm"):
        rig_of(rigs.glb_of(RIG, plain | between))


def test_fingers_of_two_bones_and_mittens_are_found():
    """As a figure from the test files of assimp has them: a thumb of two bones, and one block for all other fingers."""
    names = {}
    for side in SIDES:
        thumb = dict(zip(FINGER_ROLES["thumb"], ("B_Thumb1_", "B_Thumb2_", "", "B_Thumb_Tip_"), strict=True))
        block = dict(zip(FINGER_ROLES["middle"], ("B_Finger1_", "B_Finger2_", "B_Finger3_", ""), strict=True))
        names |= {side + role: name + side.title() for role, name in (thumb | block).items() if name}
    drop = [f"{side}{role}" for side in SIDES for roles in FINGER_ROLES.values() for role in roles]
    rig = rig_of(rigs.glb_of(rigs.rig_of(rigs.t_pose(), 5, [role for role in drop if role not in names]), names))
    found = {role: rig.names[bone] for role, bone in rig.roles.items() if role in drop}
    assert found == {role: name for role, name in names.items() if not role.endswith("ThumbTip")}


def test_of_two_bones_with_a_name_the_one_on_the_hand_is_the_finger():
    """Rigs with controls have each finger twice, and the control may come first."""
    glb = rigs.glb_of(RIG)
    nodes = glb.content["nodes"]
    for node in nodes:
        if node["name"] == "leftIndexProximal":
            node["name"] = "DEF-f_index.01.L"
        elif node["name"] in ("leftIndexIntermediate", "leftIndexDistal"):
            node["name"] = f"DEF-f_index.0{2 + (node['name'] == 'leftIndexDistal')}.L"
    nodes.append({"name": "f_index.01.L"})
    nodes[0]["children"].append(len(nodes) - 1)
    rig = rig_of(glb)
    assert rig.names[rig.roles["leftIndexProximal"]] == "DEF-f_index.01.L"


def test_fingers_that_would_stay_behind_are_refused():
    """Mr. Fixit, who comes with the IQM format, has his fingers hang from controls, which no hand moves."""
    bones = {f"leftIndex{part}": f"Finger{k}.L.001" for k, part in enumerate(("Proximal", "Intermediate", "Distal"), 1)}
    glb = rigs.glb_of(RIG, bones | {"leftIndexTip": "end"})
    nodes = glb.content["nodes"]
    number = next(i for i, node in enumerate(nodes) if node["name"] == "Finger1.L.001")
    hand = next(node for node in nodes if number in node.get("children", []))
    hand["children"].remove(number)
    nodes[0]["children"].append(number)
    rig_of(glb)  # nothing follows it
    joints = glb.add(np.array([[number, 0, 0, 0]], np.uint8), "VEC4")
    weights = glb.add(np.array([[1, 0, 0, 0]], "<f4"), "VEC4")
    glb.content["meshes"] = [{"primitives": [{"attributes": {"JOINTS_0": joints, "WEIGHTS_0": weights}}]}]
    nodes.append({"name": "mesh", "mesh": 0, "skin": 0})
    with pytest.raises(DataError, match=r"Finger1\.L\.001 of a finger does not hang from leftHand"):
        rig_of(glb)


@pytest.mark.parametrize("version", [0.5, 1])
def test_a_vrm_says_which_bone_is_what(version):
    rig = rig_of(rigs.glb_of(RIG, {name: f"b{i}" for i, name in enumerate(RIG.names)}, version))
    named = {role: f"b{bone}" for role, bone in RIG.roles.items() if not role.endswith("Tip") and role != "nose"}
    assert {role: rig.names[bone] for role, bone in rig.roles.items()} == named
    order = [int(name[1:]) for name in rig.names]
    np.testing.assert_allclose(rig.world[0], RIG.world[0][order], atol=1e-6)


def test_our_avatar_has_every_role_but_hips_parts_it_lacks():
    assert set(ROLES) == set(read_rig(AVATAR).roles)


def test_a_map_goes_before_names():
    glb = rigs.glb_of(RIG, {"leftHand": "paw"})
    with pytest.raises(DataError, match=r"no bones were found for leftHand; name them in a map file"):
        rig_of(glb)
    assert rig_of(glb, {"leftHand": "paw"}).names[rig_of(glb, {"leftHand": "paw"}).roles["leftHand"]] == "paw"
    with pytest.raises(DataError) as caught:
        rig_of(glb, {"leftHnad": "paw", "leftHand": "pow"})
    assert "did you mean 'leftHand'?" in caught.value.faults[0]
    assert "did you mean 'paw'?" in caught.value.faults[1]


def test_a_map_file_is_read(tmp_path):
    path = tmp_path / "map.json"
    path.write_text('{"leftHand": "paw"}')
    assert read_map(path) == {"leftHand": "paw"}
    for wrong in ("[]", '{"leftHand": 3}'):
        path.write_text(wrong)
        with pytest.raises(DataError, match="not a map of roles"):
            read_map(path)


def test_nodes_above_and_below_the_joints_belong_to_the_skeleton():
    glb = rigs.glb_of(RIG)
    count = len(glb.content["nodes"])
    glb.content["skins"] = [{"joints": list(range(1, count - 1))}]
    glb.content["nodes"].append({"name": "scene", "scale": [0.01] * 3, "children": [0]})
    glb.content["nodes"].append({"name": "mesh", "mesh": 0})
    rig = rig_of(glb)
    assert rig.names[0] == "scene"
    assert "mesh" not in rig.names
    assert len(rig) == count + 1
    assert rig.world[2].max() == pytest.approx(0.01)


def test_a_matrix_is_a_place():
    glb = rigs.glb_of(RIG)
    node = glb.content["nodes"][3]
    matrix = np.eye(4)
    matrix[:3, :3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]]
    matrix[:3, :3] *= 2
    matrix[:3, 3] = [1, 2, 3]
    glb.content["nodes"][3] = {"name": node["name"], "children": node["children"], "matrix": matrix.T.ravel().tolist()}
    rig = rig_of(glb)
    bone = rig.names.index(node["name"])
    np.testing.assert_allclose(rig.translations[bone], [1, 2, 3])
    np.testing.assert_allclose(rig.rotations[bone], [0, 0, 0.5**0.5, 0.5**0.5], atol=1e-12)
    assert rig.scales[bone] == pytest.approx(2)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda content: content.pop("nodes"), "no list of up to"),
        (lambda content: content.pop("skins"), "no mesh in it follows a skeleton"),
        (lambda content: content["skins"][0]["joints"].append(999), "names a joint that is no node"),
        (lambda content: content["nodes"][4].update(children=[0]), "no free node|circle"),
        (lambda content: content["nodes"][4].update(children=[4]), "no free node"),
        (lambda content: content["nodes"][4].update(children="all"), "no free node"),
        (lambda content: content["nodes"][4].update(rotation=[0, 0, 0]), "is not 4 numbers"),
        (lambda content: content["nodes"][4].update(translation=[0, 0, "x"]), "is not 3 numbers"),
        (lambda content: content["nodes"][4].update(translation=[0, 0, 1e30]), "out of all bounds"),
        (lambda content: content["nodes"][4].update(scale=[1, 1, 2]), "apply scales"),
        (lambda content: content["nodes"][4].update(scale=[0, 0, 0]), "apply scales"),
        (lambda content: content.update(extensions={"VRM": {"humanoid": [1]}}, skins=[]), "no mesh in it"),
    ],
)
def test_files_that_lie_are_refused(change, said):
    glb = rigs.glb_of(RIG)
    change(glb.content)
    with pytest.raises(DataError, match=said):
        rig_of(glb)


def test_a_circle_of_nodes_is_refused():
    glb = rigs.glb_of(RIG)
    glb.content["nodes"] += [{"children": [len(RIG) + 1]}, {"children": [len(RIG)]}]
    with pytest.raises(DataError, match="in a circle"):
        rig_of(glb)
