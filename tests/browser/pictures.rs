//! Pictures in a real Chromium: `pictures.mjs` looks at them, on the wijk's page and at the desk.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};
use serde_json::{Value, json};

use super::{PASSWORD, run};
use crate::harness::{Answer, Neighbour, Note, TestDatabase, Town, eventually, holds};

/// A house in a street under the sky, sharp enough to see how it is cut.
fn street(width: u32, height: u32, front: [u8; 3]) -> Vec<u8> {
    let (left, right, roof) = (width / 3, width * 2 / 3, height / 3);
    let pixel = |x: u32, y: u32| {
        let is_wall = (left..right).contains(&x) && y > roof;
        let is_even = |at: u32| (at / 40).is_multiple_of(2);
        let (is_window, is_ground) = (is_even(x) && is_even(y), y > height * 4 / 5);
        match (is_wall, is_ground) {
            (true, _) if is_window => Rgb([250, 240, 190]),
            (true, _) => Rgb(front),
            (_, true) => Rgb([90, 95, 100]),
            _ => Rgb([160, 200, u8::try_from(255 - 60 * y / height).unwrap_or(200)]),
        }
    };
    let mut bytes = Cursor::new(Vec::new());
    let picture = RgbImage::from_fn(width, height, pixel);
    picture.write_to(&mut bytes, ImageFormat::Jpeg).expect("a picture");
    bytes.into_inner()
}

/// Shapes of one post's pictures.
type Shapes<'a> = &'a [(u32, u32)];

pub(super) async fn posts_with_pictures(
    town: &Town,
    by: &Neighbour,
    words: &str,
    alt: &str,
    shapes: Shapes<'_>,
) -> Note {
    let mut attachment: Vec<Value> = Vec::new();
    for (number, (width, height)) in (1_u8..).zip(shapes) {
        let url = format!("http://{}/media/{}-{number}.jpg", by.host, words.len());
        let front = [150, 40 * number, 60];
        town.foreign.shows(&url, Answer::document("image/jpeg", street(*width, *height, front)));
        attachment.push(json!({"type": "Document", "mediaType": "image/jpeg", "url": url,
            "name": format!("{alt} {number}"), "focalPoint": [0.0, -0.5]}));
    }
    let summary = words.starts_with("Let op").then(|| "Voor wie daar bang van is".to_owned());
    let note = Note { summary, attachment, ..by.note(words) };
    by.posts(&note).await;
    note
}

async fn shows(town: &Town, pictures: usize) {
    let shown = async || {
        let page = town.server.get("/wijken/bloemhof", "text/html").await.text();
        let count = page.matches("src=\"/media/").count();
        holds(count == pictures, || format!("{count} of {pictures}"))
    };
    eventually("the page shows the pictures", shown).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pictures_on_the_pages() {
    let town = Town::new(TestDatabase::sqlite()).await;
    town.server.moderator("moderator1", PASSWORD).await;
    let (wide, tall, square) = ((1800, 1200), (900, 1300), (700, 700));
    let all: [(&str, &str, Shapes<'_>); 6] = [
        ("Let op: een wespennest", "Een nest onder de dakrand", &[square]),
        ("Vier van de markt", "Kraam", &[wide, tall, square, wide]),
        ("Drie van het plein", "Het plein", &[wide, tall, square]),
        ("Twee van de speeltuin", "Een schommel", &[tall, wide]),
        ("Het affiche", "Affiche van de soepavond, vrijdag om zes uur", &[tall]),
        ("De vlag hangt buiten", "De vlag aan het wijkgebouw", &[wide]),
    ];
    let mut count = 0;
    for (words, alt, shapes) in all {
        posts_with_pictures(&town, &town.partner, words, alt, shapes).await;
        count += shapes.len();
        shows(&town, count).await;
    }
    let note =
        posts_with_pictures(&town, &town.resident, "Mag dit op de pagina?", "De bank", &[tall])
            .await;
    town.waiting(&note).await;
    let url = note.attachment[0]["url"].as_str().expect("an address").to_owned();
    let fetched =
        async || holds(!town.foreign.fetches_of(&url).is_empty(), || "not yet".to_owned());
    eventually("what waits is fetched", fetched).await;

    let credentials = [("USERNAME", "moderator1"), ("PASSWORD", PASSWORD)];
    let silent = async |question| panic!("{question}");
    run("pictures.mjs", &town.server, &credentials, silent).await;
}
