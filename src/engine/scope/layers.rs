//! Mappings of the plan as layers of variables, made once per mapping.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

use crate::inventory::Vars;
use crate::yaml::Mapping;

/// A layer of variables.
pub type Layer = Arc<Vars>;

/// The layers made so far. A mapping is known by its address; it is kept, so that the address stays its own.
#[derive(Default)]
pub struct LayerCache {
    made: RwLock<HashMap<usize, (Arc<Mapping>, Layer)>>,
}

impl LayerCache {
    /// The layer of a mapping.
    pub fn of(&self, mapping: &Arc<Mapping>) -> Layer {
        let address = Arc::as_ptr(mapping) as usize;
        if let Some((_, layer)) = self.made.read().unwrap_or_else(PoisonError::into_inner).get(&address) {
            return layer.clone();
        }
        let layer: Layer = Arc::new(vars_of(mapping));
        let mut made = self.made.write().unwrap_or_else(PoisonError::into_inner);
        made.insert(address, (mapping.clone(), layer.clone()));
        layer
    }

    /// The layers of several mappings, empty ones left out, the strongest (last) first.
    pub fn strongest_first<'m>(&self, mappings: impl DoubleEndedIterator<Item = &'m Arc<Mapping>>) -> Vec<Layer> {
        mappings.rev().filter(|mapping| !mapping.is_empty()).map(|mapping| self.of(mapping)).collect()
    }
}

/// The entries of a mapping with text keys as variables.
pub fn vars_of(mapping: &Mapping) -> Vars {
    let entries = mapping.entries.iter();
    entries.filter_map(|entry| Some((entry.key.as_str()?.to_owned(), Arc::new(entry.value.clone())))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Span;
    use crate::yaml::{Entry, Node};

    fn mapping(name: &str, value: &str) -> Arc<Mapping> {
        let span = Span::synthetic("test");
        Arc::new(Mapping { entries: vec![Entry { key: Node::text(span.clone(), name), value: Node::text(span, value) }] })
    }

    #[test]
    fn a_mapping_becomes_one_layer_and_the_last_is_the_strongest() {
        let cache = LayerCache::default();
        let (weak, strong, empty) = (mapping("x", "weak"), mapping("x", "strong"), Arc::new(Mapping::default()));
        let layers = cache.strongest_first([&weak, &empty, &strong].into_iter());
        let values: Vec<_> = layers.iter().filter_map(|layer| layer.get("x")?.as_str()).collect();
        assert_eq!(values, ["strong", "weak"]);
        assert!(Arc::ptr_eq(&cache.of(&weak), &cache.of(&weak)));
    }
}
