//! Pictures: anybody's bytes → copies of our own. The content tells what a file is, never its name; what is too large
//! is refused by its header; and all is drawn anew, so that positions, thumbnails and whatever else rides along stay
//! behind (TRUST.md T25–T28).

use std::io::Cursor;
use std::time::Duration;

use bytes::Bytes;
use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::imageops::FilterType as Resampling;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::error::{Error, Result};
use super::file_storage::{FileName, FileStorage, Format};

/// Pixels of a side.
const LONGEST_SIDE: u32 = 8_192;
/// 16 Mi: what a camera sold as 16 megapixels takes.
const MOST_PIXELS: u64 = 4_096 * 4_096;
/// Bytes of a decoded picture: all 16 Mi pixels with 8 bits a channel, half of them with 16; of a progressive JPEG a
/// third to two thirds of them, as its colours are subsampled. With one at a time this keeps the whole process below
/// 150 MB.
const MOST_DECODED: u64 = 64 << 20;
/// Bytes that a decoder may take for itself, where it asks.
const MOST_FOR_DECODER: u64 = 128 << 20;

/// What a click opens, in pixels of a side: a screen full.
const LARGE: u32 = 1_600;
/// What stands in a post: its column is 640 CSS pixels wide, a phone shows 360 of up to three dots each.
const CARD: u32 = 960;
/// Of 100. Letters on a poster stay sharp.
const JPEG_QUALITY: u8 = 85;

/// The decoder cannot be stopped; who waits for it can.
const WITHIN: Duration = Duration::from_secs(20);
static TURN: Semaphore = Semaphore::const_new(1);

/// A picture drawn anew.
#[derive(Debug)]
pub struct Redrawn {
    large: Encoded,
    /// Where the large one is larger than a card.
    card: Option<Encoded>,
    format: Format,
    blurhash: String,
}

#[derive(Debug)]
struct Encoded {
    bytes: Vec<u8>,
    width: u32,
    height: u32,
}

/// A picture in our storage.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    pub large: FileName,
    /// The same one where it is no larger than a card.
    pub card: FileName,
    /// Of the large one, in pixels.
    pub width: u32,
    pub height: u32,
    /// Of both files.
    pub bytes: usize,
    pub blurhash: String,
}

/// Draws it anew and stores it; one at a time in the whole process.
///
/// # Errors
/// `Invalid` where it is no picture we take.
pub async fn store(files: &FileStorage, bytes: Bytes) -> Result<Stored> {
    let busy = || Error::Unavailable("drawing a picture takes too long".to_owned());
    let files = files.clone();
    let drawing = async {
        let turn = TURN.acquire().await.map_err(|_| busy())?;
        let drawn = spawn_blocking(move || {
            let _turn = turn;
            put(&files, &redraw(&bytes)?)
        });
        drawn.await.map_err(|_| refused("cannot be read"))?
    };
    timeout(WITHIN, drawing).await.map_err(|_| busy())?
}

fn put(files: &FileStorage, drawn: &Redrawn) -> Result<Stored> {
    let Redrawn { large, card, format, blurhash } = drawn;
    let name = files.put(&large.bytes, *format)?;
    Ok(Stored {
        card: match card {
            Some(card) => files.put(&card.bytes, *format)?,
            None => name.clone(),
        },
        large: name,
        width: large.width,
        height: large.height,
        bytes: large.bytes.len() + card.as_ref().map_or(0, |card| card.bytes.len()),
        blurhash: blurhash.clone(),
    })
}

/// JPEG, PNG, WebP or the first frame of a GIF becomes a JPEG, or a PNG where something shines through.
///
/// # Errors
/// `Invalid`, with a sentence for who sent it.
pub fn redraw(bytes: &[u8]) -> Result<Redrawn> {
    let picture = decode(bytes)?;
    let format = if is_transparent(&picture) { Format::Png } else { Format::Jpeg };
    Ok(Redrawn {
        card: fitting(&picture, CARD).map(|card| encode(&card, format)).transpose()?,
        large: encode(&picture, format)?,
        format,
        blurhash: blurhash_of(&picture)?,
    })
}

/// Upright, and no larger than we show it.
fn decode(bytes: &[u8]) -> Result<DynamicImage> {
    let mut decoder = open(bytes)?;
    let (width, height) = decoder.dimensions();
    if width > LONGEST_SIDE || height > LONGEST_SIDE {
        return Err(refused(format!(
            "is {width} × {height} pixels; {LONGEST_SIDE} is the most for a side"
        )));
    }
    let is_large = u64::from(width) * u64::from(height) > MOST_PIXELS;
    if is_large || decoder.total_bytes() > MOST_DECODED {
        return Err(refused(format!(
            "is {width} × {height} pixels; that is too large, 4096 × 4096 is the most"
        )));
    }
    if decoder.total_bytes() + held_besides(bytes)? > MOST_DECODED {
        return Err(refused(format!(
            "is a progressive JPEG of {width} × {height} pixels; that takes too much to read, save it smaller or not \
             progressive"
        )));
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| refused("cannot be read"))?;
    picture = fitting(&picture, LARGE).unwrap_or(picture);
    picture.apply_orientation(orientation);
    Ok(picture)
}

/// Reads the header.
fn open(bytes: &[u8]) -> Result<impl ImageDecoder + '_> {
    let format = image::guess_format(bytes).ok().filter(|format| {
        matches!(
            format,
            ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP | ImageFormat::Gif
        )
    });
    let format = format.ok_or_else(|| refused("is no JPEG, PNG, WebP or GIF"))?;
    let mut limits = Limits::no_limits();
    limits.max_alloc = Some(MOST_FOR_DECODER);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(limits);
    reader.into_decoder().map_err(|_| refused("cannot be read"))
}

/// Bytes that the decoder holds besides the picture: of a progressive JPEG (SOF2 of ITU T.81, B.2.2) each coefficient
/// until the last scan is read, two bytes for every sample of every channel.
fn held_besides(bytes: &[u8]) -> Result<u64> {
    let Some(mut rest) = bytes.strip_prefix(&[0xff, 0xd8]) else { return Ok(0) };
    loop {
        rest = match rest {
            // Any marker may be led in by more of these.
            [0xff, behind @ ..] if behind.first() == Some(&0xff) => behind,
            [0xff, 0xc2, _, _, _, y1, y2, x1, x2, count, channels @ ..] => {
                let side = |high, low| u64::from(u16::from_be_bytes([high, low]));
                let pixels = side(*y1, *y2) * side(*x1, *x2);
                return Ok(2 * samples(pixels, channels, usize::from(*count)));
            }
            [0xff, 0xc4 | 0xc8 | 0xcc | 0xe0..=0xfe | 0xdb..=0xdf, high, low, ..] => {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                rest.get(2 + length..).ok_or_else(|| refused("cannot be read"))?
            }
            [0xff, 0xc0 | 0xc1, ..] => return Ok(0),
            _ => return Err(refused("cannot be read")),
        }
    }
}

/// Of so many pixels in all channels; each is an identifier, how often it is sampled across and down, and a table.
fn samples(pixels: u64, channels: &[u8], count: usize) -> u64 {
    let sampled = channels.chunks_exact(3).take(count).map(|channel| channel[1]);
    let each: Vec<u64> = sampled.map(|by| u64::from(by >> 4) * u64::from(by & 15)).collect();
    let most = each.iter().copied().max().unwrap_or(1).max(1);
    pixels * each.iter().sum::<u64>() / most
}

/// `None` where it fits already. Averaging takes no memory besides the result, but is uneven where little is taken
/// away: there it is resampled.
fn fitting(picture: &DynamicImage, side: u32) -> Option<DynamicImage> {
    let longest = picture.width().max(picture.height());
    if longest <= side {
        None
    } else if longest <= side * 3 / 2 {
        Some(picture.resize(side, side, Resampling::Triangle))
    } else {
        Some(picture.thumbnail(side, side))
    }
}

fn is_transparent(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel.0[3] < u8::MAX)
}

fn encode(picture: &DynamicImage, format: Format) -> Result<Encoded> {
    let mut bytes = Vec::new();
    let written = match format {
        Format::Jpeg => {
            let encoder = JpegEncoder::new_with_quality(&mut bytes, JPEG_QUALITY);
            picture.to_rgb8().write_with_encoder(encoder)
        }
        Format::Png => {
            let encoder = PngEncoder::new_with_quality(
                &mut bytes,
                CompressionType::Default,
                FilterType::Adaptive,
            );
            picture.to_rgba8().write_with_encoder(encoder)
        }
    };
    written.map_err(Error::internal)?;
    Ok(Encoded { bytes, width: picture.width(), height: picture.height() })
}

/// Of at most 5 × 5 components: Mastodon ignores more (`media_attachment_parser.rb`).
fn blurhash_of(picture: &DynamicImage) -> Result<String> {
    let small = picture.thumbnail(32, 32).to_rgba8();
    let (across, down) = if small.width() >= small.height() { (4, 3) } else { (3, 4) };
    blurhash::encode(across, down, small.width(), small.height(), &small).map_err(Error::internal)
}

fn refused(problem: impl Into<String>) -> Error {
    Error::invalid("image", problem)
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use image::{Rgb, RgbImage, Rgba, RgbaImage};

    use super::*;

    const RED: Rgb<u8> = Rgb([200, 20, 20]);
    const BLUE: Rgb<u8> = Rgb([20, 20, 200]);

    /// Red at the left, blue at the right.
    fn halves(width: u32, height: u32) -> RgbImage {
        RgbImage::from_fn(width, height, |x, _| if x < width / 2 { RED } else { BLUE })
    }

    fn written(picture: impl Into<DynamicImage>, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        picture.into().write_to(&mut bytes, format).unwrap();
        bytes.into_inner()
    }

    /// APP1 of a JPEG, behind its first two bytes.
    fn with_segment(jpeg: &[u8], content: &[u8]) -> Vec<u8> {
        let length = u16::try_from(content.len() + 2).unwrap().to_be_bytes();
        [&jpeg[..2], &[0xff, 0xe1], &length, content, &jpeg[2..]].concat()
    }

    /// Exif with an orientation, a position and a thumbnail.
    fn exif(orientation: u8) -> Vec<u8> {
        let mut tiff = b"II*\0\x08\0\0\0\x02\0".to_vec();
        tiff.extend([0x12, 1, 3, 0, 1, 0, 0, 0, orientation, 0, 0, 0]);
        tiff.extend([0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0]);
        tiff.extend([0, 0, 0, 0]);
        tiff.extend([1, 0, 1, 0, 2, 0, 2, 0, 0, 0, b'N', 0, 0, 0, 0, 0, 0, 0]);
        tiff.extend(b"GPS 51.8970 4.5022, and a thumbnail: \xff\xd8\xff\xdb");
        [b"Exif\0\0".as_slice(), &tiff].concat()
    }

    fn contains(bytes: &[u8], word: &[u8]) -> bool {
        bytes.windows(word.len()).any(|window| window == word)
    }

    fn problem(bytes: &[u8]) -> String {
        redraw(bytes).unwrap_err().to_string()
    }

    #[test]
    fn p10_nothing_rides_along_and_the_picture_stands_upright() {
        let jpeg = written(halves(400, 200), ImageFormat::Jpeg);
        let jpeg = with_segment(&jpeg, b"http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>51.8970");
        let jpeg = [with_segment(&jpeg, &exif(6)), b"PK\x03\x04 archive".to_vec()].concat();

        let drawn = redraw(&jpeg).unwrap();

        // Orientation 6: what was at the left is at the top.
        assert_eq!((drawn.large.width, drawn.large.height), (200, 400));
        let pixels = image::load_from_memory(&drawn.large.bytes).unwrap().to_rgb8();
        let (top, bottom) = (pixels.get_pixel(100, 50), pixels.get_pixel(100, 350));
        assert!(top.0[0] > 150 && top.0[2] < 60, "{top:?}");
        assert!(bottom.0[2] > 150 && bottom.0[0] < 60, "{bottom:?}");
        for word in [&b"Exif"[..], b"GPS", b"51.8970", b"adobe", b"xmpmeta", b"PK\x03\x04"] {
            assert!(contains(&jpeg, word) && !contains(&drawn.large.bytes, word));
        }
        let segments = [&[0xff, 0xe1], &[0xff, 0xed], &[0xff, 0xfe]];
        assert!(segments.iter().all(|segment| !contains(&drawn.large.bytes, *segment)));
    }

    #[test]
    fn p08_what_is_too_large_is_refused_by_its_header() {
        let mut png = written(RgbImage::new(1, 1), ImageFormat::Png);
        for (width, height, said) in [(40_000_u32, 40_000_u32, "a side"), (8_000, 8_000, "4096")] {
            png[16..20].copy_from_slice(&width.to_be_bytes());
            png[20..24].copy_from_slice(&height.to_be_bytes());
            let header = crc32(&png[12..29]).to_be_bytes();
            png[29..33].copy_from_slice(&header);
            let began = Instant::now();
            let problem = problem(&png);
            assert!(problem.contains(said), "{problem}");
            assert!(began.elapsed().as_millis() < 500);
        }
    }

    /// The header of a JPEG with red, green and blue, and whatever pixels.
    fn header(marker: u8, width: u16, height: u16) -> Vec<u8> {
        let mut jpeg = written(halves(8, 8), ImageFormat::Jpeg);
        let at = jpeg.windows(2).position(|two| two == [0xff, 0xc0]).unwrap();
        jpeg[at + 1] = marker;
        jpeg[at + 5..at + 7].copy_from_slice(&height.to_be_bytes());
        jpeg[at + 7..at + 9].copy_from_slice(&width.to_be_bytes());
        jpeg
    }

    /// Read in one go, all its coefficients stand in memory at once.
    #[test]
    fn p08_a_large_progressive_jpeg_is_refused_by_its_header() {
        const BASELINE: u8 = 0xc0;
        const PROGRESSIVE: u8 = 0xc2;
        let held = |marker, width, height| held_besides(&header(marker, width, height)).unwrap();
        assert_eq!(held(BASELINE, 4096, 4096), 0);
        assert!(held(PROGRESSIVE, 4096, 4096) >= 2 * 4096 * 4096);
        assert!(problem(&header(PROGRESSIVE, 4096, 4096)).contains("progressive"));
        assert!(redraw(&header(PROGRESSIVE, 2048, 1536)).is_ok(), "its pixels are not all there");
        let led_in =
            [&[0xff, 0xd8, 0xff, 0xff, 0xff], &header(PROGRESSIVE, 4096, 4096)[3..]].concat();
        assert!(problem(&led_in).contains("progressive"));
        // Behind the first segment a byte that belongs to none, which other readers step over.
        let mut odd = header(PROGRESSIVE, 2048, 1536);
        odd.insert(20, 0);
        assert!(problem(&odd).contains("cannot be read"));

        // Of 4 × 2 pixels 8 samples in the first channel; with its colours at half the size 2 and 2 more.
        assert_eq!(samples(8, &[1, 0x22, 0, 2, 0x11, 1, 3, 0x11, 1], 3), 12);
        assert_eq!(samples(8, &[1, 0x11, 0, 2, 0x11, 1, 3, 0x11, 1], 3), 24);
        assert_eq!(samples(8, &[1, 0, 0], 1), 0);
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |crc, byte| {
            (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
                if crc & 1 == 1 { (crc >> 1) ^ 0xedb8_8320 } else { crc >> 1 }
            })
        })
    }

    #[test]
    fn p11_what_only_looks_like_a_picture_is_refused() {
        let svg = b"<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>";
        for other in
            [&svg[..], b"<!doctype html><script>alert(1)</script>", b"%PDF-1.7", b"PK\x03\x04", b""]
        {
            assert!(problem(other).contains("is no JPEG"), "{other:?}");
        }
        for broken in
            [&b"GIF89a/*\0\x01\0\0\0*/=1;alert(1)"[..], b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0"]
        {
            assert!(redraw(broken).is_err(), "{broken:?}");
        }
        let mut bmp = b"BM".to_vec();
        bmp.extend([0; 100]);
        assert!(problem(&bmp).contains("is no JPEG"));
    }

    #[test]
    fn every_kind_becomes_a_jpeg_and_what_shines_through_a_png() {
        for kind in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::Gif, ImageFormat::WebP] {
            let drawn = redraw(&written(halves(40, 30), kind)).unwrap();
            assert_eq!((drawn.format, drawn.card.is_none()), (Format::Jpeg, true), "{kind:?}");
            assert_eq!(drawn.blurhash.len(), 4 + 2 * 12, "{}", drawn.blurhash);
        }
        let glass = |alpha| RgbaImage::from_pixel(30, 40, Rgba([9, 9, 9, alpha]));
        let drawn = redraw(&written(glass(100), ImageFormat::Png)).unwrap();
        assert_eq!(drawn.format, Format::Png);
        assert_eq!(image::guess_format(&drawn.large.bytes).unwrap(), ImageFormat::Png);
        let opaque = redraw(&written(glass(255), ImageFormat::Png)).unwrap();
        assert_eq!(opaque.format, Format::Jpeg);
    }

    #[test]
    fn a_large_picture_gets_a_card_and_keeps_its_shape() {
        for (width, height, large, card) in [
            (4000, 1000, (1600, 400), (960, 240)),
            (1000, 2000, (800, 1600), (480, 960)),
            (1200, 900, (1200, 900), (960, 720)),
        ] {
            let drawn = redraw(&written(halves(width, height), ImageFormat::Jpeg)).unwrap();
            assert_eq!((drawn.large.width, drawn.large.height), large);
            let smaller = drawn.card.unwrap();
            assert_eq!((smaller.width, smaller.height), card);
        }
    }

    #[tokio::test]
    async fn what_is_stored_is_what_was_drawn() {
        let data = tempfile::tempdir().unwrap();
        let files = FileStorage::in_data(data.path());
        let jpeg = written(halves(1000, 500), ImageFormat::Jpeg);
        let stored = store(&files, jpeg.into()).await.unwrap();
        let (large, card) = (files.get(&stored.large).unwrap(), files.get(&stored.card).unwrap());
        assert_eq!(large.unwrap().len() + card.unwrap().len(), stored.bytes);
        assert_eq!((stored.width, stored.height), (1000, 500));
        assert!(store(&files, Bytes::from_static(b"nothing")).await.is_err());
        assert_eq!(std::fs::read_dir(data.path().join("media")).unwrap().count(), 2);
    }
}
