//! Pictures as cameras and attackers make them.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

/// Red at the left, `right` at the right.
pub(crate) fn jpeg(width: u32, height: u32, right: [u8; 3]) -> Vec<u8> {
    let half = |x| if x < width / 2 { Rgb([200, 20, 20]) } else { Rgb(right) };
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, |x, _| half(x));
    picture.write_to(&mut bytes, ImageFormat::Jpeg).expect("a picture");
    bytes.into_inner()
}

/// What a telephone adds: held upright (orientation 6), where it was, a thumbnail, XMP; and an archive at the end.
pub(crate) fn from_a_telephone(jpeg: &[u8]) -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
    exif.extend([0x12, 1, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
    exif.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
    exif.extend([0, 0, 0, 0]);
    exif.extend([1, 0, 1, 0, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0, 0, 0, 0, 0]);
    exif.extend(b"GPS 51.8970 4.5022, and a thumbnail: \xff\xd8\xff\xdb");
    let xmp = b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>51.8970</x:xmpmeta>";
    let segment = |content: &[u8]| {
        let length = u16::try_from(content.len() + 2).expect("a segment").to_be_bytes();
        [&[0xff, 0xe1], &length[..], content].concat()
    };
    [&jpeg[..2], &segment(&exif), &segment(xmp), &jpeg[2..], b"PK\x03\x04 archive"].concat()
}

/// What rides along in [`from_a_telephone`].
pub(crate) const TRACES: [&[u8]; 6] =
    [b"Exif", b"GPS", b"51.8970", b"adobe", b"xmpmeta", b"PK\x03\x04"];

pub(crate) fn contains(bytes: &[u8], word: &[u8]) -> bool {
    bytes.windows(word.len()).any(|window| window == word)
}

/// A PNG of 50 kB that says it is 40,000 pixels wide and high.
pub(crate) fn bomb() -> Vec<u8> {
    let side = 40_000_u32.to_be_bytes();
    let header = [&side[..], &side, &[8, 2, 0, 0, 0]].concat();
    let signature = b"\x89PNG\r\n\x1a\n".to_vec();
    [signature, chunk("IHDR", &header), chunk("IDAT", &vec![0; 50_000]), chunk("IEND", &[])]
        .concat()
}

fn chunk(name: &str, content: &[u8]) -> Vec<u8> {
    let length = u32::try_from(content.len()).expect("a chunk").to_be_bytes();
    let named = [name.as_bytes(), content].concat();
    [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
        })
    })
}
